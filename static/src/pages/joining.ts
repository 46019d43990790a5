/** The ways in: who signs up waits next, and who recovers does much the same. */
export { default as Recovery } from './recovery.tsx';
export { default as SignUp } from './sign-up.tsx';
export { default as Waiting } from './waiting.tsx';
