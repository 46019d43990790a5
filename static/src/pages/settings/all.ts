/** One chunk: who opens one of them soon opens another. */
export { default as Settings } from './index.tsx';
export { default as Notifications } from './notifications.tsx';
export { default as Password } from './password.tsx';
export { default as RecoveryCode } from './recovery-code.tsx';
export { default as Sessions } from './sessions.tsx';
