import type { JSX } from 'preact';

/**
 * Line icons on a 24 px grid, drawn for this product. An icon never stands alone: its button or
 * sentence has words.
 */
const PATHS = {
  cases: 'M5 4h14v16H5zM9 9h6M9 13h6M9 17h3',
  plus: 'M12 5v14M5 12h14',
  settings: 'M4 7h9M19 7h1M4 17h1M11 17h9M16 4.5v5M8 14.5v5',
  people:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c.6-3.6 3.2-5.5 6.5-5.5s5.9 1.9 6.5 5.5M16 4.3a3.5 3.5 0 0 1 0 6.4M18 15c1.9.8 3.1 2.5 3.5 5',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5c.8-3.8 3.7-5.5 7.5-5.5s6.7 1.7 7.5 5.5',
  lock: 'M6 11h12v9.5H6zM8.5 11V7.5a3.5 3.5 0 0 1 7 0V11',
  unlock: 'M6 11h12v9.5H6zM8.5 11V7.5a3.5 3.5 0 0 1 6.8-1.2',
  back: 'M15 5l-7 7 7 7',
  forward: 'M9 5l7 7-7 7',
  down: 'M5 9l7 7 7-7',
  close: 'M6 6l12 12M18 6L6 18',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 14.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6Z',
  'eye-off':
    'M4 4l16 16M9.5 5.9A9 9 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a17 17 0 0 1-2.9 3.6M6.2 7.6A16.5 16.5 0 0 0 2.5 12S6 18.5 12 18.5c1.5 0 2.9-.4 4.1-1M10 10a2.8 2.8 0 0 0 4 4',
  warning: 'M12 4l9 16H3zM12 10v4.5M12 17.3v.2',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 11v5.5M12 7.6v.2',
  mail: 'M3.5 6h17v12.5h-17zM4 6.5l8 6.5 8-6.5',
  bell: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4',
  phone: 'M7.5 3h9v18h-9zM11 18h2',
  building: 'M5 20.5V4h9v16.5M14 9h5v11.5M3 20.5h18M8 8h3M8 12h3M8 16h3',
  pool: 'M12 3v5M9.5 5.5h5M4 20.5v-6l8-5 8 5v6M4 20.5h16M10 20.5v-4h4v4',
  team: 'M12 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM5.5 13a2.3 2.3 0 1 0 0-4.6M18.5 13a2.3 2.3 0 1 1 0-4.6M7 20c0-3.5 2-5.5 5-5.5s5 2 5 5.5M2.5 18c0-1.8.8-3 2.3-3.5M21.5 18c0-1.8-.8-3-2.3-3.5',
  trace: 'M6 4.5v15M6 6.5h.01M6 12h.01M6 17.5h.01M10 6.5h10M10 12h8M10 17.5h9',
  key: 'M8.5 19a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM11.8 11.3 20 3.5M16 7.3l3 3',
  download: 'M12 4v11M7 10.5l5 5 5-5M4.5 20h15',
  copy: 'M9 9h11v11H9zM5.5 15H4V4h11v1.5',
  refresh: 'M19.5 8A8 8 0 1 0 20 13.5M20 4v4.5h-4.5',
  'sign-out': 'M14 4h5.5v16H14M10.5 8l-4 4 4 4M7 12h9',
  help: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM9.5 9.5a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.1.9-1.1 1.9M12 16.8v.2',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM16 16l5 5',
  edit: 'M4 20l1-4.5L16 4.5l3.5 3.5L8.5 19z',
  archive: 'M4 5h16v4H4zM5.5 9v11h13V9M10 13h4',
  camera: 'M4 7.5h4l1.5-2.5h5L16 7.5h4v12H4zM12 16.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Z',
  photo: 'M4 5h16v14H4zM4 16l4.5-5 4 4.5 2.5-2.5 5 5M15.5 9.2v.2',
  file: 'M6 3.5h8l4 4v13H6zM14 3.5v4h4',
  send: 'M4 12 20.5 4.5 15 20l-3.5-6.5z',
  reply: 'M10 6l-6 5.5 6 5.5v-3.5c5 0 8 1.5 10 4-.5-5.5-3.5-8-10-8z',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7v5.3l3.3 2.2',
  trash: 'M5 7h14M10 7V4.5h4V7M7 7l1 13h8l1-13',
  rotate: 'M4.5 8A8 8 0 1 1 4 13.5M4 4v4.5h4.5',
  print: 'M7 9V4h10v5M7 16H4V9h16v7h-3M7 13.5h10v6.5H7z',
  filter: 'M4 6h16l-6 7v6l-4-2v-4z',
  menu: 'M4 7h16M4 12h16M4 17h16',
  offline:
    'M4 4l16 16M7.5 18h9.5a4 4 0 0 0 2.6-1M18.9 10.5A6.5 6.5 0 0 0 9 6.9M6.5 9.5A4.3 4.3 0 0 0 7.5 18',
  seal: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM8.5 12.3l2.5 2.5 4.7-5',
  'broken-seal': 'M12 21a9 9 0 1 0 0-18M12 3a9 9 0 0 0-4 .9M12 21a9 9 0 0 1-9-9M9 9l6 6M15 9l-6 6',
  drag: 'M9 6v.01M15 6v.01M9 12v.01M15 12v.01M9 18v.01M15 18v.01',
  attach:
    'M19 11.5l-7.5 7.5a4.5 4.5 0 0 1-6.4-6.4l8-8a3 3 0 0 1 4.3 4.3l-7.9 7.9a1.5 1.5 0 0 1-2.1-2.1l7-7',
  keyboard: 'M3 6.5h18v11H3zM7 10v.01M11 10v.01M15 10v.01M8 14h8',
  globe:
    'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM3.5 9.5h17M3.5 14.5h17M12 3c-5 5.5-5 12.5 0 18M12 3c5 5.5 5 12.5 0 18',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, label }: { name: IconName; label?: string }): JSX.Element {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      role={label ? 'img' : undefined}
      aria-label={label}
      aria-hidden={label ? undefined : 'true'}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
