export { Desk as default } from '../ui/cases/desk.tsx';
