/**
 * A short life of two pools and their people, each next thing drawn by chance, all of it honest.
 *
 * Members come and go, with and without haste; people have two devices that know different things,
 * lose one, renew their keys; words are sealed without a line and leave when the pool, the case's
 * key or the author's own keys are other ones; cases are opened, forwarded, shown to a second pool
 * and to a doctor, and taken back. The same lives as in tests/unit/client/lives.py.
 */
import { randomBytes } from '../../../static/src/crypto/index.ts';
import type { HeaderBody } from '../../../static/src/state/case-types.ts';
import type { Client, Shown } from './client.ts';
import type { Clinic } from './clinic.ts';
import type { Device } from './device.ts';
import { NAMES, type Name, type Village } from './village.ts';

export type Random = () => number;

/** Mulberry32: a life that failed can be played again. */
export function dice(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The first stays in both pools: somebody must hold the keys. */
const EXPERTS = ['blanc', 'benali', 'pinget'] as const;
const OWN = 0;
type Pool = 0 | 1;

const HEADER = {
  patient: { birth_name: 'PERRIN', sex: 'F', birth_date: '1951-04-09' },
  question: 'Que faire ?',
  attachments: [],
} as unknown as HeaderBody;

/** Who reads a case: each pool by its part, the doctor; and every word said in it. */
interface Told {
  pools: Map<Pool, 'pool' | 'former_pool' | 'second_opinion'>;
  doctor: boolean;
  /** By message, sent or held back. */
  words: Map<string, string>;
}

/** Words sealed without a line, and perhaps heard: only the answer may have been lost. */
interface Held {
  author: Name;
  device: Device;
  case: string;
  message: string;
}

export class Life {
  readonly cases = new Map<string, Told>();
  readonly members: [Set<Name>, Set<Name>];
  /** How often a key was waited for that nobody had handed over yet. */
  waits = 0;
  readonly #village: Village;
  readonly #clinic: Clinic;
  readonly #random: Random;
  #held: Held[] = [];
  #pools!: [string, string];
  #said = 0;

  private constructor(village: Village, random: Random) {
    this.#village = village;
    this.#clinic = village.clinic;
    this.#random = random;
    this.members = [new Set(EXPERTS.slice(0, 2)), new Set(EXPERTS.slice(0, 1))];
  }

  static async begin(village: Village, random: Random): Promise<Life> {
    const life = new Life(village, random);
    const { clinic, people } = village;
    // What was before is over: no list of hundreds is what is tried here.
    clinic.cases.clear();
    clinic.groups.clear();
    const pools = life.members.map(async (members, n) => {
      const of = [...members].map((name) => people[name]);
      return (await clinic.makeGroup(`Infectiologie ${n}`, of)).id;
    });
    life.#pools = (await Promise.all(pools)) as [string, string];
    await life.open();
    return life;
  }

  /** The next thing somebody does; gives its name. */
  async step(): Promise<string> {
    const deeds: [number, string, () => Promise<unknown>][] = [
      [20, 'post', () => this.post()],
      [10, 'read', () => this.read()],
      [12, 'come or go', () => this.comeOrGo()],
      [6, 'heal', () => this.heal()],
      [10, 'hold', () => this.hold()],
      [8, 'release', () => this.release()],
      [5, 'new device', () => this.newDevice()],
      [4, 'renew', () => this.renew()],
      [4, 'list', () => this.list()],
      [5, 'doctor', () => this.doctor()],
      [5, 'second opinion', () => this.secondOpinion()],
      [5, 'forward', () => this.forward()],
      [5, 'take off', () => this.takeOff()],
      [3, 'race', () => this.race()],
      [1, 'custodian', () => this.custodian()],
      [2, 'open', () => this.open()],
    ];
    let drawn = this.#random() * deeds.reduce((sum, [weight]) => sum + weight, 0);
    const found = deeds.find(([weight]) => {
      drawn -= weight;
      return drawn < 0;
    });
    const [, name, deed] = found ?? (deeds[0] as (typeof deeds)[0]);
    await this.#orWait(deed);
    return name;
  }

  /** Everybody comes online; each reads every word of their cases, once, and nothing else. */
  async end(): Promise<void> {
    await this.#all((name) => this.heal(name));
    while (this.#held.length > 0) await this.release();
    await this.#all((name) => this.heal(name));
    for (const [id, told] of this.cases) {
      for (const name of this.#readers(id)) {
        const shown = await this.read(id, name, true);
        const texts = shown.map(({ opened }) => (opened.body as { text: string }).text);
        const said = [...told.words].flatMap(([message, text]) =>
          this.#landed({ case: id, message }) ? [text] : [],
        );
        same(`the words ${name} reads`, texts.toSorted(), said.toSorted());
      }
    }
  }

  // Who.

  #one<T>(of: readonly T[]): T {
    return of[Math.floor(this.#random() * of.length)] as T;
  }

  /** One of their two devices that has its line; the other one waits for it. */
  async #deviceOf(name: Name): Promise<Device> {
    const person = this.#village.people[name];
    const which = this.#random() < 0.5 ? 0 : 1;
    const device = await this.#village.device(person, which);
    return device.line === 'up' ? device : this.#village.device(person, 1 - which);
  }

  /** At one of their devices, which may just have come back and asked what it missed. */
  async #at<T>(name: Name, deed: (client: Client) => Promise<T>, back?: boolean): Promise<T> {
    const device = await this.#deviceOf(name);
    if (back ?? this.#random() < 0.5) await device.at((client) => client.comeBack());
    return device.at(deed);
  }

  #case(): string {
    return this.#one([...this.cases.keys()]);
  }

  #told(id: string): Told {
    return this.cases.get(id) as Told;
  }

  #readers(id: string): Name[] {
    const { pools, doctor } = this.#told(id);
    const experts = EXPERTS.filter((name) => [...pools.keys()].some((n) => this.#in(n).has(name)));
    return ['favre', ...experts, ...(doctor ? (['mermet'] as const) : [])];
  }

  #in(pool: Pool): Set<Name> {
    return this.members[pool];
  }

  #word(): string {
    this.#said += 1;
    return `Mot ${this.#said}`;
  }

  async #all(deed: (name: Name) => Promise<unknown>): Promise<void> {
    for (const name of ['blanc', ...NAMES] as const) await deed(name);
  }

  /** A key that nobody has handed over yet is waited for: no alarm, and none is shown. */
  async #orWait(deed: () => Promise<unknown>): Promise<boolean> {
    try {
      await deed();
      return true;
    } catch (error) {
      const { name, code } = error as { name: string; code?: string };
      if (name !== 'NoKey' && code !== 'no_grant') throw error;
      this.waits += 1;
      return false;
    }
  }

  // Deeds.

  async open(): Promise<void> {
    const id = crypto.randomUUID();
    await this.#at('favre', async (client) => {
      await client.learnAnew();
      const wanted = { id, careTeam: null, urgency: 'routine', header: HEADER } as const;
      await client.openCase({ ...wanted, pool: this.#pools[OWN] }, 'no draft');
      same('opening', await client.sendAll(), []);
    });
    this.cases.set(id, { pools: new Map([[OWN, 'pool']]), doctor: false, words: new Map() });
  }

  async post(id = this.#case(), name = this.#one(this.#readers(id))): Promise<void> {
    const text = this.#word();
    await this.#at(name, async (client) => {
      const message = await write(client, id, text);
      try {
        same('posting', await client.sendAll(), []);
      } catch (error) {
        for (const { id: job } of await client.waiting()) await client.postOffice().cancel(job);
        throw error;
      }
      this.#told(id).words.set(message, text);
      same('a word posted landed', this.#landed({ case: id, message }), true);
    });
  }

  /** What one of them sees: nothing broken, and all of it once everybody has their keys. */
  async read(id = this.#case(), name?: Name, whole = false): Promise<Shown[]> {
    const good = whole ? ['whole'] : ['whole', 'closed'];
    const reading = async (client: Client) => {
      const shown = await client.readThread(id);
      const { seal } = await client.readCase(await client.fetchCase(id));
      for (const one of [seal, ...shown.map(({ opened }) => opened.seal)]) {
        if (!good.includes(one.state)) throw new Alarm(JSON.stringify(one));
      }
      return shown;
    };
    return this.#at(name ?? this.#one(this.#readers(id)), reading, whole || undefined);
  }

  async list(): Promise<void> {
    await this.#at(this.#one(this.#readers(this.#case())), async (client) => {
      const rows = await client.fetchAll<Parameters<typeof client.readCase>[0]>('/cases');
      client.keepRows(rows);
      for (const row of rows) {
        const { seal } = await client.readCase(row);
        if (seal.state === 'broken') throw new Alarm(seal.why);
      }
    });
  }

  /** What any device that happens to be online does, told by the server what there is to do. */
  async heal(name: Name = this.#one(NAMES)): Promise<void> {
    const { clinic } = this.#village;
    const { id } = this.#village.people[name];
    const links = [...clinic.groups.values()].flatMap(({ id: group, grants, previous }) =>
      grants.flatMap((held, epoch) => {
        const able = held.has(id) && grants[epoch - 1]?.has(id);
        return able && !previous.some((link) => link.epoch === epoch) ? [{ group, epoch }] : [];
      }),
    );
    const mine = [...clinic.cases.values()].filter((one) => this.#readers(one.id).includes(name));
    const cases = mine.filter(({ rekeyDue }) => rekeyDue).map((one) => one.id);
    const regrants = mine.flatMap(({ id: of, grants, left }) => {
      const to = new Set(grants.map(({ recipient }) => recipient));
      return Object.values(this.#village.people).flatMap((person) => {
        const holds = [...to].some((one) => one.startsWith(`account:${person.id}@`));
        const today = to.has(`account:${person.id}@${person.seq}`);
        return holds && !today && !left.has(person.id)
          ? [{ case: of, account: person.id, seq: person.seq }]
          : [];
      });
    });
    Object.assign(clinic.pending, { links, cases, regrants });
    await this.#at(name, (client) => client.heal(), true);
    for (const kind of ['links', 'cases', 'regrants']) delete clinic.pending[kind];
  }

  async comeOrGo(): Promise<void> {
    const pool: Pool = this.#random() < 0.5 ? 0 : 1;
    const name = this.#one(EXPERTS.slice(1));
    const { id } = this.#village.people[name];
    const members = this.#in(pool);
    const now = this.#random() < 0.4;
    const changes = members.has(name) ? { remove: [id], now } : { add: [id] };
    const office = await this.#village.device(this.#clinic.admin, 0);
    await office.at((client) => client.changeMembers(this.#pools[pool], changes));
    if (!members.delete(name)) members.add(name);
    // Else the newcomer waits for a colleague.
    if (this.#random() < 0.7) await this.heal(EXPERTS[0]);
  }

  /** Sealed without a line, or heard by the server whose answer was lost. */
  async hold(): Promise<void> {
    const id = this.#case();
    const author = this.#one(this.#readers(id));
    const device = await this.#deviceOf(author);
    if (this.#held.some((held) => held.author === author)) return;
    const text = this.#word();
    const line = this.#random() < 0.4 ? 'deaf' : 'down';
    try {
      await device.at(async (client) => {
        const message = await write(client, id, text, () => {
          device.line = line;
        });
        // Heard now, unless the server or this device wants them sealed again.
        if (line === 'deaf') await client.postOffice().kick(true);
        this.#told(id).words.set(message, text);
        this.#held.push({ author, device, case: id, message });
      });
      device.line = 'down';
    } catch (error) {
      device.line = 'up';
      // Nothing of the case was opened here while there was a line.
      if ((error as Error).name !== 'NetworkDown') throw error;
      this.waits += 1;
    }
  }

  /** What was held back leaves as it was sealed, and is sealed anew if the server asks. */
  async release(): Promise<void> {
    const held = this.#held.shift();
    if (!held) return;
    const { device } = held;
    device.line = 'up';
    const left = await this.#orWait(async () => {
      const refused = await device.at((client) => client.sendAll());
      const reader = this.#readers(held.case).includes(held.author);
      // Somebody put out meanwhile is told so, also of words that had been heard before.
      const out = !reader && (!this.#landed(held) || refused.length > 0);
      same('what was refused', refused, out ? ['case_not_found'] : []);
    });
    if (left) return;
    device.line = 'down';
    this.#held.push(held);
  }

  async newDevice(): Promise<void> {
    const person = this.#village.people[this.#one(NAMES)];
    const lost = this.#village.devices.get(person)?.find(({ line }) => line === 'up');
    if (lost) await this.#village.lose(person, lost);
  }

  /** Somebody suspects a theft: new keys, confirmed; their devices sign in again. */
  async renew(): Promise<void> {
    const person = this.#village.people[this.#one(NAMES)];
    await this.#clinic.renew(person);
    for (const device of this.#village.devices.get(person) ?? []) {
      await device.signIn(this.#clinic);
    }
  }

  async doctor(): Promise<void> {
    const id = this.#case();
    const told = this.#told(id);
    const doctor = this.#village.people.mermet.id;
    await this.#at('favre', async (client) => {
      const row = await client.fetchCase(id);
      await (told.doctor ? client.takeOff(row, doctor) : client.bringIn(row, doctor, 'doctor'));
    });
    told.doctor = !told.doctor;
  }

  async secondOpinion(): Promise<void> {
    const id = this.#case();
    const { pools } = this.#told(id);
    const away = ([0, 1] as const).find((pool) => !pools.has(pool));
    if (away === undefined) return;
    await this.#at('favre', async (client) => {
      await client.askSecondOpinion(await client.fetchCase(id), this.#pools[away]);
    });
    pools.set(away, 'second_opinion');
  }

  async forward(): Promise<void> {
    const id = this.#case();
    const { pools } = this.#told(id);
    const from: Pool = pools.get(0) === 'pool' ? 0 : 1;
    const to: Pool = from === 0 ? 1 : 0;
    await this.#at('favre', async (client) => {
      await client.forwardCase(await client.fetchCase(id), this.#pools[to]);
    });
    pools.set(from, 'former_pool').set(to, 'pool');
  }

  async takeOff(): Promise<void> {
    const id = this.#case();
    const { pools } = this.#told(id);
    for (const [pool, part] of [...pools]) {
      if (part === 'pool') continue;
      await this.#at('favre', async (client) => {
        await client.takeOff(await client.fetchCase(id), this.#pools[pool]);
      });
      pools.delete(pool);
    }
  }

  /** Two devices give the case a new key at once. */
  async race(): Promise<void> {
    const id = this.#case();
    const found = this.#clinic.cases.get(id);
    if (!found || this.#held.some(({ author }) => author === 'favre')) return;
    const { favre } = this.#village.people;
    const both = [await this.#village.device(favre, 0), await this.#village.device(favre, 1)];
    found.rekeyDue = true;
    await Promise.all(both.map((device) => device.at((client) => client.rekey(id))));
  }

  /** The network's rules name one more custodian. */
  async custodian(): Promise<void> {
    if (this.#clinic.custodians.length > 1) return;
    this.#clinic.custodians.push(randomBytes(32));
    await this.#clinic.rule();
  }

  #landed({ case: id, message }: { case: string; message: string }): boolean {
    return this.#clinic.cases.get(id)?.messages.some((known) => known.id === message) ?? false;
  }
}

/** Something looked like a lie. */
export class Alarm extends Error {
  override name = 'Alarm';
}

function same(what: string, found: unknown, wanted: unknown): void {
  const [is, was] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (is !== was) throw new Alarm(`${what}: ${is}, not ${was}`);
}

/** Seal words over what is on the screen, the line being what `then` makes of it; gives their id. */
async function write(
  client: Client,
  caseId: string,
  text: string,
  then?: () => void,
): Promise<string> {
  const row = await client.fetchCase(caseId);
  await client.readCase(row);
  const last = (await client.readThread(caseId)).at(-1);
  const id = crypto.randomUUID();
  then?.();
  const words = { id, kind: 'text', body: { text }, attachments: [] } as const;
  await client.postMessage(row, { ...words, seen: last ? [last.id] : [] });
  return id;
}
