/**
 * Attachments: a file cut in parts of 8 MiB, each sealed in its own place.
 *
 * Index and count are part of each context, so parts cannot be swapped and none can be dropped; the
 * signed manifest lists the SHA-256 of each part's ciphertext.
 */
import { type Bytes, fromBase64, sameBytes, sha256, toBase64 } from './bytes.ts';
import { attachmentContext } from './contexts.ts';
import { SealBroken } from './errors.ts';
import type { SealedPart } from './payloads.ts';
import {
  blobSource,
  memorySource,
  PART,
  type Progress,
  partCount,
  sealSource,
  unsealSource,
} from './stream.ts';

/** Where an attachment belongs. */
export interface AttachmentPlace {
  net: string;
  case: string;
  attachment: string;
}

/** Seal part `index` of a file; only that part is ever in memory. */
export async function sealPart(
  key: Bytes,
  place: AttachmentPlace,
  file: Blob,
  index: number,
  progress?: Progress,
): Promise<{ sealed: Bytes; part: SealedPart }> {
  const count = partCount(file.size);
  const context = attachmentContext(place.net, place.case, place.attachment, index, count);
  const slice = file.slice(index * PART, (index + 1) * PART);
  const sealed = await sealSource(key, context, blobSource(slice), progress);
  return { sealed, part: { size: sealed.length, sha256: toBase64(await sha256(sealed)) } };
}

/**
 * Open part `index` against the signed manifest's list of parts.
 *
 * @throws SealBroken for any other bytes than those the author sealed there.
 */
export async function openPart(
  key: Bytes,
  place: AttachmentPlace,
  parts: readonly SealedPart[],
  index: number,
  sealed: Bytes,
  progress?: Progress,
): Promise<Bytes> {
  const listed = parts[index];
  if (!listed) throw new SealBroken('more parts than the manifest lists');
  if (
    sealed.length !== listed.size ||
    !sameBytes(await sha256(sealed), fromBase64(listed.sha256, 32))
  ) {
    throw new SealBroken(`part ${index} is not the one the manifest lists`);
  }
  const { net, case: caseId, attachment } = place;
  const context = attachmentContext(net, caseId, attachment, index, parts.length);
  return unsealSource(key, context, memorySource(sealed), progress);
}
