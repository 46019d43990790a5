/** One chunk: only administrators ever load it, and then most of it. */
export { default as GroupPage } from './group.tsx';
export { default as Groups } from './groups.tsx';
export { default as Administration } from './index.tsx';
export { default as DeadNotifications } from './notifications.tsx';
export { default as Organisations } from './organisations.tsx';
export { default as People } from './people.tsx';
export { default as PersonPage } from './person.tsx';
export { default as Seals } from './seals.tsx';
export { default as Trace } from './trace.tsx';
