/**
 * The administrators' console: no clinician downloads it. What stands in `desk/` instead comes one
 * page at a time.
 */
export { default as GroupPage } from './admin/group.tsx';
export { default as Groups } from './admin/groups.tsx';
export { default as Administration } from './admin/index.tsx';
export { default as DeadNotifications } from './admin/notifications.tsx';
export { default as Organisations } from './admin/organisations.tsx';
export { default as People } from './admin/people.tsx';
export { default as PersonPage } from './admin/person.tsx';
export { default as Seals } from './admin/seals.tsx';
export { default as Trace } from './admin/trace.tsx';
