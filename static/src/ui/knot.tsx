import type { JSX } from 'preact';

/** A figure-eight knot, the one every rope team ties first: one line, broken where it passes under. */
export const KNOT_PATH =
  'M2 29C4.4 28.4 6.8 27.9 9.2 27.3C11.6 26.7 13.9 25.9 16.3 25.2C18.6 24.4 20.9 23.5 23.2 22.5C25.4 21.5 27.6 20.4 29.8 19.2M37.1 14.7C39 13.3 41 12.1 43.1 10.9C45.1 9.7 47.2 8.4 49.4 7.8C51.7 7.1 54.2 7.6 56.3 8.8C58.3 9.9 59.8 12 60.6 14.2C61.4 16.4 61.7 18.9 61.4 21.2C61.1 23.6 60.5 25.9 59.1 27.9C57.7 29.8 55.7 31.2 53.5 32C51.3 32.9 48.8 32.3 46.8 31C44.8 29.8 42.9 28.2 41.4 26.4M35.9 19.8C34.4 18.2 33 16.4 31.6 14.7C30.1 13 28.6 11.4 26.8 10C25 8.7 23 7.5 20.7 7.5C18.5 7.5 16.4 8.8 14.7 10.2C13 11.6 11.9 13.6 11.2 15.8C10.6 17.9 10.3 20.2 10.6 22.4M14.1 30.1C15.8 31.6 18 32.4 20.2 32.5C22.5 32.6 24.6 31.5 26.5 30.5C28.5 29.4 30.5 28.3 32.3 27.1C34.2 25.8 36 24.5 37.9 23.3C39.8 22.1 41.8 21 43.8 19.9C45.8 18.9 47.8 17.9 49.8 17.1C51.9 16.2 54 15.4 56.1 14.7M64.4 12.3C66.3 11.9 68.1 11.5 70 11';

/** The sign of the product. Decorative unless it gets a label. */
export function Knot({
  label,
  class: name = 'knot',
}: {
  label?: string;
  class?: string;
}): JSX.Element {
  return (
    <svg
      class={name === 'knot' ? 'knot' : `knot ${name}`}
      viewBox="0 0 72 40"
      role={label ? 'img' : undefined}
      aria-label={label}
      aria-hidden={label ? undefined : 'true'}
    >
      <path d={KNOT_PATH} />
    </svg>
  );
}

/** Two ridge lines behind the pages before sign-in: a horizon, nothing to look at. */
export function Ridge(): JSX.Element {
  return (
    <svg
      class="ridge"
      viewBox="0 0 1440 260"
      preserveAspectRatio="xMidYMax slice"
      aria-hidden="true"
    >
      <path
        class="ridge-far"
        d="M0 176 96 128l62 34 108-92 58 50 92-70 74 66 66-40 118 88 84-56 92 62 110-104 74 58 98-74 92 82 66-38 150 96v150H0Z"
      />
      <path
        class="ridge-near"
        d="M0 226l120-52 92 36 128-74 86 58 110-40 132 66 118-48 134 52 104-66 120 54 112-38 184 62v24H0Z"
      />
    </svg>
  );
}
