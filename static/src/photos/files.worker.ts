/** Cleans, seals and opens files beside the page, so that the page never stutters. */
import { ProtocolError } from '../crypto/errors.ts';
import { Shelf } from '../outbox/shelf.ts';
import { clean, UnreadablePicture } from './clean.ts';
import type { Manifest, Sealed } from './manifest.ts';
import type { FileReply, FileRequest } from './requests.ts';
import { openFile, type Progress, sealFile } from './sealing.ts';

const outbox = new Shelf();

class Unavailable extends Error {
  readonly code: 'line_down' | 'not_stored';

  constructor(code: 'line_down' | 'not_stored') {
    super(code);
    this.code = code;
  }
}

async function attach(
  request: Extract<FileRequest, { type: 'attach' }>,
  progress: Progress,
): Promise<Manifest> {
  const { place, file, name, keepSize } = request;
  const store = outbox.putPart.bind(outbox);
  if (!file.type.startsWith('image/')) {
    return { ...(await sealFile(place, crypto.randomUUID(), file, store, progress)), name };
  }
  const { full, width, height, preview, previewWidth, previewHeight } = await clean(file, keepSize);
  const sealed = await sealFile(place, crypto.randomUUID(), full, store, progress);
  const small = await sealFile(place, crypto.randomUUID(), preview, store);
  return {
    ...sealed,
    name: name.replace(/\.[^.]*$/, '') + extension(full.type),
    width,
    height,
    preview: { ...small, width: previewWidth, height: previewHeight },
  };
}

const extension = (type: string) => (type === 'image/webp' ? '.webp' : '.jpg');

/** From this device while it is still here, else from the server. */
async function read(file: Sealed, index: number, start: number, end: number) {
  const kept = await outbox.part(file.id, index);
  if (kept) return new Uint8Array(await kept.arrayBuffer());
  let response: Response;
  try {
    response = await fetch(`/api/v1/attachments/${file.id}`, {
      headers: { Range: `bytes=${start}-${end - 1}` },
      cache: 'no-store',
    });
  } catch {
    throw new Unavailable('line_down');
  }
  if (response.status === 404 || response.status === 409) throw new Unavailable('not_stored');
  if (!response.ok) throw new Unavailable('line_down');
  try {
    const bytes = new Uint8Array(await response.arrayBuffer());
    return response.status === 206 ? bytes : bytes.slice(start, end);
  } catch {
    throw new Unavailable('line_down');
  }
}

self.onmessage = async ({ data, ports: [port] }: MessageEvent<FileRequest>) => {
  const reply = (message: FileReply) => port?.postMessage(message);
  const progress: Progress = (done, size) => reply({ type: 'progress', done, size });
  try {
    if (data.type === 'attach') reply({ type: 'attached', manifest: await attach(data, progress) });
    else {
      const { place, file } = data;
      const part = (index: number, start: number, end: number) => read(file, index, start, end);
      reply({ type: 'opened', file: await openFile(place, file, part, progress) });
    }
  } catch (error) {
    reply({ type: 'failed', code: codeOf(error), message: String(error) });
  }
};

function codeOf(error: unknown): string {
  if (error instanceof Unavailable) return error.code;
  if (error instanceof ProtocolError) return 'broken_seal';
  return error instanceof UnreadablePicture ? 'unreadable_picture' : 'fault';
}
