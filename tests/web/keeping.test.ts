/** "Kept sealed on this device" is said for as long as it is so. */
import { type Signal, signal } from '@preact/signals';
import { expect, it, vi } from 'vitest';
import { loadDraft, saveDraft } from '../../static/src/state/drafts.ts';
import { lock } from '../../static/src/state/keys.ts';
import { postOffice } from '../../static/src/state/outbox.ts';
import { NotKept, useKeeping } from '../../static/src/ui/cases/keeping.tsx';
import { usualClinic } from './support/desk.ts';

vi.mock('@preact/signals', async (whole) => ({
  ...(await whole<typeof import('@preact/signals')>()),
  useSignal: <T>(value: T): Signal<T> => signal(value),
}));

const place = usualClinic();

it('a device that keeps nothing of what is written is said to, until it does again', async () => {
  await place.clinic.use(place.favre);
  const keeping = useKeeping();
  const full = vi.spyOn(postOffice().outbox, 'putDraft');
  full.mockRejectedValueOnce(new DOMException('no room', 'QuotaExceededError'));
  await keeping.follow(saveDraft('message:1', { text: 'Que faire ?' }));
  expect(keeping.refused.value).toBe(true);
  expect(NotKept({ keeping })?.props.children).toBe(
    'This device has no room to keep what you write. Free some before you leave this page.',
  );
  await keeping.follow(saveDraft('message:1', { text: 'Que faire ce soir ?' }));
  expect(NotKept({ keeping })).toBeNull();
  expect(await loadDraft('message:1')).toEqual({ text: 'Que faire ce soir ?' });
});

it('a lock is no refusal of the device: what was kept before stands', async () => {
  await place.clinic.use(place.favre);
  const keeping = useKeeping();
  await keeping.follow(saveDraft('message:1', { text: 'Que faire ?' }));
  await lock();
  await keeping.follow(saveDraft('message:1', { text: 'Que faire ce soir ?' }));
  expect(NotKept({ keeping })).toBeNull();
});
