/**
 * Sends from wherever it is woken: a tab, or the service worker.
 *
 * `kick()` asks for the device's one lock and drains; asking while another tab holds it queues this
 * one behind, so that a tab dying in the middle loses nothing.
 */
import type { Outbox } from './db.ts';
import { openLine } from './line.ts';
import { Bell, drain, type Note } from './runner.ts';

const NAME = 'cordee-outbox';

export interface Courier {
  /** Send now. `hurry` also wakes what waits for its next attempt. */
  kick(hurry?: boolean): Promise<void>;
  /** Tell every tab, this one included. */
  tell(note: Note): void;
}

export function openCourier(outbox: Outbox, hear: (note: Note) => void): Courier {
  const channel = new BroadcastChannel(NAME);
  const line = openLine();
  const bell = new Bell();
  let queued: Promise<void> | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const tell = (note: Note) => {
    channel.postMessage(note);
    hear(note);
  };
  channel.onmessage = ({ data }: MessageEvent<Note>) => {
    if (data.type === 'added' || data.type === 'hurry') bell.ring();
    hear(data);
  };

  async function hasten(): Promise<void> {
    try {
      const account = await line.account(true);
      if (account === null) return;
      await outbox.hurry(account);
      bell.ring();
      channel.postMessage({ type: 'hurry' } satisfies Note);
    } catch {
      // Still no line: the timer will try again.
    }
  }

  async function kick(hurry = false): Promise<void> {
    if (hurry) await hasten();
    bell.ring();
    queued ??= navigator.locks.request(NAME, async () => {
      queued = null;
      clearTimeout(timer);
      const wakeAt = await drain({ outbox, line, tell }, bell);
      if (wakeAt !== null) timer = setTimeout(() => void kick(), Math.max(50, wakeAt - Date.now()));
    });
    return queued;
  }

  return { kick, tell };
}
