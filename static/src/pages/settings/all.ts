/** One chunk: who opens one of them soon opens another. */
export { MyGroup, MyGroups } from '../groups/mine.tsx';
export { default as Absence } from './absence.tsx';
export { default as Settings } from './index.tsx';
export { default as NewKeys } from './new-keys.tsx';
export { default as Notifications } from './notifications.tsx';
export { default as Password } from './password.tsx';
export { default as RecoveryCode } from './recovery-code.tsx';
export { default as Sessions } from './sessions.tsx';
