/** The design system in one import. */
export { Button, type ButtonKind, ButtonLink } from './button.tsx';
export {
  Avatar,
  Banner,
  Confirm,
  Empty,
  initials,
  Progress,
  Steps,
  Tag,
  type Tone,
  Waiting,
} from './feedback.tsx';
export {
  Checkbox,
  Choice,
  CodeField,
  Field,
  type Option,
  PasswordField,
  Select,
  TextArea,
} from './field.tsx';
export { Icon, type IconName } from './icon.tsx';
export { KNOT_PATH, Knot, Ridge } from './knot.tsx';
export { Gate, Page, type PageProps } from './page.tsx';
export { Problems, Send } from './problems.tsx';
export { StatusLine } from './status-line.tsx';
export { Toasts, toast, undoable } from './toast.tsx';
