/** The work itself: one file, so that whoever opened one of these can open the others offline. */
export { default as Case } from './case.tsx';
export { default as Inbox } from './inbox.tsx';
export { default as NewCase } from './new-case.tsx';
export { default as Opinion } from './opinion.tsx';
