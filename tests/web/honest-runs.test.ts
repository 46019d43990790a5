/**
 * No false alarm: members come and go, keys are renewed, cases travel, words are written without a
 * network, two devices rotate at once. Nothing of it may look like a lie.
 *
 * `CORDEE_RUNS=1000` runs as many; a seed of `CORDEE_SEED` plays the same ones again.
 */
import { afterAll, expect, it } from 'vitest';
import { randomBytes } from '../../static/src/crypto/index.ts';
import { fetchCase } from '../../static/src/state/case-fetching.ts';
import { heal } from '../../static/src/state/case-heal.ts';
import { openMessage } from '../../static/src/state/case-keys.ts';
import { changeMembers } from '../../static/src/state/group-roll.ts';
import { postMessage, sealStaleAgain } from '../../static/src/state/posting.ts';
import { askSecondOpinion, forwardCase, rekey, takeOff } from '../../static/src/state/sharing.ts';
import { Clinic, type Person, said } from './support/clinic.ts';
import { deskOf, until } from './support/desk.ts';

const RUNS = Number(process.env['CORDEE_RUNS'] ?? 6);
const SEED = Number(process.env['CORDEE_SEED'] ?? Date.now() % 1_000_000);

/** Mulberry32: a run that failed can be played again. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

let clinic: Clinic;
let favre: Person;
let pool: string;
let others: string[];
let people: Person[];

/** A new network from time to time: chains of hundreds of statements are not what is tried. */
async function begin(): Promise<void> {
  clinic?.stop();
  clinic = await Clinic.start();
  favre = await clinic.makePerson('Dr Claire Favre');
  people = [];
  for (const name of ['Dr Sophie Blanc', 'Dr Karim Benali', 'Dr Inès Morel', 'Dr Paul Jacquier']) {
    people.push(await clinic.makePerson(name));
  }
  const [blanc, benali, morel, jacquier] = people as [Person, Person, Person, Person];
  pool = (await clinic.makeGroup('Dermatologie', [blanc, benali])).id;
  others = [
    (await clinic.makeGroup('Rhumatologie', [morel])).id,
    (await clinic.makeGroup('Orthopédie', [jacquier])).id,
  ];
}

afterAll(() => clinic.stop());

const { opened, read, say, waiting } = deskOf(() => ({ clinic, favre, pool }));

it(
  `holds through ${RUNS} random honest runs of seed ${SEED}`,
  async () => {
    const random = dice(SEED);
    const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
    for (let run = 0; run < RUNS; run++) {
      if (run % 10 === 0) await begin();
      const id = await opened();
      const written: string[] = [];
      const parties = () => clinic.cases.get(id)?.grants.map(({ recipient }) => recipient) ?? [];
      const inCircle = (group: string) =>
        parties().some((to) => to.includes(group)) && !clinic.cases.get(id)?.left.has(group);
      const membersOf = (group: string) =>
        said<{ members: string[] }>(clinic.groups.get(group)?.statements.at(-1) as never).members;
      const readers = () =>
        [favre, ...people].filter(
          (person) =>
            person === favre ||
            [pool, ...others].some(
              (group) => inCircle(group) && membersOf(group).includes(person.id),
            ),
        );
      const word = () => {
        written.push(`${run}.${written.length}`);
        return written.at(-1) as string;
      };
      const acts: Record<string, () => Promise<unknown>> = {
        async write() {
          await clinic.use(one(readers()));
          await say(id, word());
        },
        async writeWithoutNetwork() {
          const author = one(readers());
          await clinic.use(author);
          const row = { ...(await fetchCase(id)), rekey_due: false, events: [] };
          const body = { text: word() };
          const words = { id: crypto.randomUUID(), kind: 'text' } as const;
          clinic.falls = { path: /messages/, when: one(['before', 'after']) };
          await postMessage(row, { ...words, body, attachments: [], seen: [] });
          await until(async () => {
            const jobs = await waiting(author);
            if (jobs.some((job) => job.state === 'stale')) await sealStaleAgain();
            return jobs.length === 0;
          });
          clinic.falls = null;
        },
        async changeMembers() {
          await clinic.use(clinic.admin);
          const group = one([pool, ...others]);
          const person = one(people);
          const members = membersOf(group);
          if (!members.includes(person.id)) await changeMembers(group, { add: [person.id] });
          else if (members.length > 1) {
            await changeMembers(group, { remove: [person.id], now: random() < 0.5 });
          }
          const { epoch } = said<{ epoch: number }>(
            clinic.groups.get(group)?.statements.at(-1) as never,
          );
          // Everybody comes online once: whoever holds the key hands it over.
          clinic.pending.links = epoch > 0 ? [{ group, epoch }] : [];
          for (const member of membersOf(group)) {
            await clinic.use(clinic.people.get(member) as Person);
            await heal();
          }
          clinic.pending.links = [];
        },
        async secondOpinion() {
          const group = one(others);
          if (inCircle(group)) return;
          await clinic.use(favre);
          await askSecondOpinion(await fetchCase(id), group);
        },
        async forward() {
          const group = one(others);
          if (inCircle(group)) return;
          await clinic.use(one(readers()));
          await forwardCase(await fetchCase(id), group);
        },
        async takeOff() {
          const group = others.find(
            (other) => inCircle(other) && clinic.cases.get(id)?.pool !== other,
          );
          if (!group) return;
          await clinic.use(favre);
          await takeOff(await fetchCase(id), group);
        },
        async renew() {
          await clinic.renew(one([favre, ...people]));
        },
        async custodian() {
          if (clinic.custodians.length > 1) return;
          clinic.custodians.push(randomBytes(32));
          await clinic.rule();
        },
        async race() {
          await clinic.use(favre);
          const found = clinic.cases.get(id);
          if (found) found.rekeyDue = true;
          await Promise.all([rekey(id), rekey(id)]);
        },
      };
      for (let turn = 0; turn < 5; turn++) {
        const name = one(Object.keys(acts));
        await (acts[name] as () => Promise<unknown>)();
      }
      for (const reader of readers()) {
        await clinic.use(reader);
        const found = await read(id);
        expect([reader.name, found.seal, found.texts]).toEqual([
          reader.name,
          { state: 'whole' },
          written,
        ]);
      }
      expect(clinic.reports).toEqual([]);
    }
  },
  60_000 + RUNS * 10_000,
);

it('believes whoever was let in since the page fetched the case', async () => {
  await begin();
  const id = await opened();
  const page = await fetchCase(id);
  await askSecondOpinion(await fetchCase(id), others[0] as string);
  await clinic.use(people[2] as Person);
  await say(id, 'Un autre avis');
  await clinic.use(favre);
  const message = clinic.cases.get(id)?.messages.at(-1);
  const { seal, body } = await openMessage(page, message);
  expect([seal, body]).toEqual([{ state: 'whole' }, { text: 'Un autre avis' }]);
  expect(clinic.reports).toEqual([]);
});
