/** Who is who: people with real keys, certified by an administrator whom the root appointed. */
import {
  type Bytes,
  kemPublic,
  randomBytes,
  type SigningKey,
  type Statement,
  seedSigningKey,
  signStatement,
  statementHash,
  toBase64,
} from '../../../static/src/crypto/index.ts';
import type { AccountPayload } from '../../../static/src/crypto/payloads.ts';

export interface Person {
  id: string;
  name: string;
  seq: number;
  signSeed: Bytes;
  kemSeed: Bytes;
  former: { seq: number; kemSeed: Bytes }[];
  signer: SigningKey;
  statements: Statement[];
}

export function said<T>(statement: Statement): T {
  return JSON.parse(Buffer.from(statement.p, 'base64').toString()) as T;
}

export class Registry {
  readonly net = crypto.randomUUID();
  readonly people = new Map<string, Person>();
  custodians: Bytes[] = [];
  /** Public keys of custodians whose seeds nobody here holds, base64. */
  custodianKeys: string[] = [];
  policy: Statement[] = [];
  admin!: Person;
  root!: SigningKey;

  async found(): Promise<void> {
    this.root = await seedSigningKey(randomBytes(32));
    this.admin = await this.makePerson('Élise Garnier');
    await this.rule();
  }

  /** Sign the next rules: today's custodians. */
  async rule(): Promise<void> {
    const last = this.policy.at(-1);
    const statement = await signStatement(
      'cordee1.policy',
      {
        v: 1,
        net: this.net,
        seq: this.policy.length,
        registrars: [{ account: this.admin.id, sign_key: toBase64(this.admin.signer.publicKey) }],
        custodians: [
          ...this.custodians.map((seed) => toBase64(kemPublic(seed))),
          ...this.custodianKeys,
        ],
        log_key: null,
        witnesses: [],
        k: 0,
        minimum_client: '0.1',
        prev: last ? toBase64(await statementHash(last)) : null,
      },
      this.root,
    );
    this.policy = [...this.policy, statement];
  }

  async makePerson(name: string): Promise<Person> {
    const signSeed = randomBytes(32);
    const person: Person = {
      id: crypto.randomUUID(),
      name,
      seq: -1,
      signSeed,
      kemSeed: randomBytes(32),
      former: [],
      signer: await seedSigningKey(signSeed),
      statements: [],
    };
    await this.state(person);
    this.people.set(person.id, person);
    return person;
  }

  /** The next key statement of somebody, certified. */
  protected async state(person: Person, ...also: SigningKey[]): Promise<void> {
    const last = person.statements.at(-1);
    person.seq += 1;
    const payload: AccountPayload = {
      v: 1,
      net: this.net,
      account: person.id,
      seq: person.seq,
      sign_key: toBase64(person.signer.publicKey),
      kem_key: toBase64(kemPublic(person.kemSeed)),
      name: person.name,
      rpps: null,
      prev: last ? toBase64(await statementHash(last)) : null,
    };
    const registrar = this.admin && this.admin !== person ? [this.admin.signer] : [];
    const signers = [person.signer, ...also, ...registrar];
    person.statements.push(await signStatement('cordee1.account', payload, ...signers));
  }

  /** New keys, as after a suspected theft. */
  async renew(person: Person): Promise<void> {
    const { signer } = person;
    person.former.push({ seq: person.seq, kemSeed: person.kemSeed });
    person.signSeed = randomBytes(32);
    person.kemSeed = randomBytes(32);
    person.signer = await seedSigningKey(person.signSeed);
    await this.state(person, signer);
  }
}

/** Somebody as the directory shows them. */
export const entryOf = ({ id, name, statements }: Person) => ({
  id,
  name,
  kind: 'clinician',
  profession: 'physician',
  specialty: null,
  organisation: null,
  certified: true,
  archived: false,
  statements,
});
