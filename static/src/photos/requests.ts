/** What pages and the file worker say to each other. */
import type { Manifest, Sealed } from './manifest.ts';
import type { Place } from './sealing.ts';

export type FileRequest =
  | { type: 'attach'; place: Place; file: Blob; name: string; keepSize: boolean }
  | { type: 'open'; place: Place; file: Sealed };

export type FileReply =
  | { type: 'progress'; done: number; size: number }
  | { type: 'attached'; manifest: Manifest }
  | { type: 'opened'; file: Blob }
  /** `broken_seal`, `unreadable_picture`, `line_down`, `not_stored` or `fault`. */
  | { type: 'failed'; code: string; message: string };
