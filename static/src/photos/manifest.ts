/** How files are counted and told apart; their description is part of the signed message. */
import type { AttachmentManifest, Preview } from '../crypto/payloads.ts';

export type Manifest = AttachmentManifest;

/** A file or a preview: whatever has parts and a key. */
export type Sealed = Pick<Preview, 'id' | 'type' | 'size' | 'key' | 'parts'>;

export function sealedBytes(file: Sealed): number {
  return file.parts.reduce((sum, part) => sum + part.size, 0);
}

/** The files and their previews as the server counts them: id and sealed size, nothing else. */
export function announced(manifests: readonly Manifest[]): { id: string; size: number }[] {
  return manifests
    .flatMap((file) => [...(file.preview ? [file.preview] : []), file])
    .map((file) => ({ id: file.id, size: sealedBytes(file) }));
}

/** What the photo viewer can show. */
export function isPicture(file: { type: string }): boolean {
  return /^image\/(jpeg|png|webp|gif|avif)$/.test(file.type);
}
