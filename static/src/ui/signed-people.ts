import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { person, type VerifiedPerson } from '../state/people.ts';
import { on } from '../transport/socket.ts';

export type People = ReadonlyMap<string, VerifiedPerson>;

/**
 * People as their signed statements name them, asked again when one of them has new keys. Whoever
 * cannot be verified is not in the map.
 */
export function useSignedPeople(ids: readonly string[]): Signal<People> {
  const people = useSignal<People>(new Map());
  const wanted = ids.join(' ');
  useEffect(() => {
    let current = true;
    const ask = async () => {
      const known = new Map<string, VerifiedPerson>();
      const note = (id: string) => person(id).then((found) => known.set(id, found));
      await Promise.allSettled(ids.map(note));
      if (current) people.value = known;
    };
    void ask();
    const stop = on<{ account: string }>('account:changed', ({ account }) => {
      if (ids.includes(account)) void ask();
    });
    return () => {
      current = false;
      stop();
    };
  }, [wanted, people]);
  return people;
}
