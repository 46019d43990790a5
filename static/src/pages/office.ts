/** What one comes to between cases: one file, or each compresses badly. */
export { default as DemoMails } from './demo-mails.tsx';
export { MyGroup, MyGroups } from './groups/mine.tsx';
export { default as Keyboard } from './keyboard.tsx';
export { default as Print } from './print.tsx';
export { default as Absence } from './settings/absence.tsx';
export { default as Settings } from './settings/index.tsx';
export { default as NewKeys } from './settings/new-keys.tsx';
export { default as Notifications } from './settings/notifications.tsx';
export { default as Password } from './settings/password.tsx';
export { default as RecoveryCode } from './settings/recovery-code.tsx';
export { default as Sessions } from './settings/sessions.tsx';
export { default as Together } from './together.tsx';
export { Unsupported } from './unsupported.tsx';
