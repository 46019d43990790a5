/** Where a picture stands in the viewer: pure arithmetic of zoom, place and turn. */

export interface View {
  /** 1 fits the picture to the screen. */
  zoom: number;
  /** Offset of the picture's middle from the screen's, in screen pixels. */
  x: number;
  y: number;
  /** Quarter turns clockwise. */
  turns: number;
}

export const FITTED: View = { zoom: 1, x: 0, y: 0, turns: 0 };
export const CLOSEST = 12;

const between = (value: number, least: number, most: number) =>
  Math.min(most, Math.max(least, value));

/** Zoom by `factor` so that the point (px, py), from the screen's middle, stays under the finger. */
export function zoomAt(view: View, factor: number, px: number, py: number): View {
  const zoom = between(view.zoom * factor, 1, CLOSEST);
  const real = zoom / view.zoom;
  return { ...view, zoom, x: px - (px - view.x) * real, y: py - (py - view.y) * real };
}

export function turn(view: View): View {
  return { ...view, turns: (view.turns + 1) % 4, x: 0, y: 0 };
}

/** Size at which a picture, turned so, fits the screen. */
export function fittedSize(
  picture: { width: number; height: number },
  screen: { width: number; height: number },
  turns: number,
): { width: number; height: number } {
  const lying = turns % 2 === 1;
  const across = lying ? picture.height : picture.width;
  const down = lying ? picture.width : picture.height;
  const scale = Math.min(screen.width / across, screen.height / down);
  return { width: picture.width * scale, height: picture.height * scale };
}

/** Keep the picture on the screen: no further than its own edge. */
export function held(
  view: View,
  size: { width: number; height: number },
  screen: { width: number; height: number },
): View {
  const lying = view.turns % 2 === 1;
  const across = (lying ? size.height : size.width) * view.zoom;
  const down = (lying ? size.width : size.height) * view.zoom;
  const slackX = Math.max(0, (across - screen.width) / 2);
  const slackY = Math.max(0, (down - screen.height) / 2);
  return { ...view, x: between(view.x, -slackX, slackX), y: between(view.y, -slackY, slackY) };
}
