/**
 * What happens to a picture before anyone else may see it: upright, no larger than asked, and drawn
 * anew, so that nothing of the original file but its pixels remains (EXIF, GPS, maker notes, the
 * embedded thumbnail that often shows what was cropped away).
 */

export interface Cleaned {
  full: Blob;
  width: number;
  height: number;
  preview: Blob;
  previewWidth: number;
  previewHeight: number;
}

export const LONGEST_SIDE = 1600;
export const PREVIEW_SIDE = 320;

/** A picture this browser cannot read. */
export class UnreadablePicture extends Error {
  override name = 'UnreadablePicture';
}

/** `width` × `height` scaled down to fit `longest`, never up. */
export function scaled(width: number, height: number, longest: number): [number, number] {
  const scale = Math.min(1, longest / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

/** @throws UnreadablePicture */
export async function clean(file: Blob, keepSize: boolean): Promise<Cleaned> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
  } catch {
    throw new UnreadablePicture();
  }
  try {
    const longest = keepSize ? Number.POSITIVE_INFINITY : LONGEST_SIDE;
    const [width, height] = scaled(bitmap.width, bitmap.height, longest);
    const [previewWidth, previewHeight] = scaled(bitmap.width, bitmap.height, PREVIEW_SIDE);
    const full = await draw(bitmap, width, height, 'image/jpeg', keepSize ? 0.92 : 0.85);
    const preview = await draw(bitmap, previewWidth, previewHeight, 'image/webp', 0.7);
    return { full, width, height, preview, previewWidth, previewHeight };
  } finally {
    bitmap.close();
  }
}

async function draw(
  bitmap: ImageBitmap,
  width: number,
  height: number,
  type: string,
  quality: number,
): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) throw new UnreadablePicture();
  // Transparent pictures on white, as on paper.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  const blob = await canvas.convertToBlob({ type, quality });
  // Safari has no WebP encoder and answers with a PNG, many times larger than needed.
  if (blob.type === type) return blob;
  return canvas.convertToBlob({ type: 'image/jpeg', quality });
}
