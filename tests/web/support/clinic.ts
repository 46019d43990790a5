/**
 * A network of people on loopback, honest until told otherwise: it keeps what it is given, says
 * what is stale, and knows no key. `lie` alters an answer; what people seal is really sealed.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type Bytes,
  groupContext,
  groupKemPublic,
  kemPublic,
  randomBytes,
  type Statement,
  signStatement,
  toBase64,
  wrap,
} from '../../../static/src/crypto/index.ts';
import type { CasePayload, GroupPayload } from '../../../static/src/crypto/payloads.ts';
import { forgetEverything } from '../../../static/src/state/device.ts';
import { postOffice } from '../../../static/src/state/outbox.ts';
import { openPage } from './browser.ts';
import { signIn } from './client.ts';
import { entryOf, type Person, Registry, said } from './registry.ts';

export { type Person, said } from './registry.ts';

interface Grant {
  member_seq: number;
  wrapped: string;
}

interface Group {
  id: string;
  kind: 'pool' | 'care_team';
  name: string;
  statements: Statement[];
  grants: Map<string, Grant>[];
  previous: { epoch: number; sealed: string; by: string }[];
}

interface Case {
  id: string;
  // biome-ignore lint/suspicious/noExplicitAny: as the client sent it
  opening: any;
  openedBy: Person;
  pool: string;
  events: Statement[];
  grants: { generation: number; recipient: string; wrapped: string }[];
  previous: { generation: number; sealed: string }[];
  // biome-ignore lint/suspicious/noExplicitAny: as the client sent it
  messages: any[];
  left: Set<string>;
  rekeyDue: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: JSON from and to the client
type Json = any;
type Lie = (path: string, honest: Json) => Json;

export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly extra: object;

  constructor(status: number, code: string, extra: object = {}) {
    super(code);
    this.status = status;
    this.code = code;
    this.extra = extra;
  }
}

export class Clinic extends Registry {
  readonly groups = new Map<string, Group>();
  readonly cases = new Map<string, Case>();
  readonly reports: { subject_kind: string; subject_id: string; verdict: string }[] = [];
  readonly requests: string[] = [];
  /** What is asked of devices beside missing grants. */
  readonly pending: Json = {};
  lie: Lie | null = null;
  /** The line falls once at this address: before the server hears, or before it is heard. */
  falls: { path: RegExp; when: 'before' | 'after' } | null = null;
  /** Runs before an answer is made: a second device. */
  before: ((request: string) => unknown) | null = null;
  /** Who uses this device. */
  user!: Person;
  private close: () => void = () => undefined;

  private readonly http: Server;

  private constructor(http: Server) {
    super();
    this.http = http;
  }

  static async start(): Promise<Clinic> {
    const http = createServer(async (request, response) => {
      const path = (request.url ?? '').replace('/api/v1', '');
      const asked = await read(request);
      const falls = clinic.falls?.path.test(path) ? clinic.falls : null;
      if (falls) clinic.falls = null;
      if (falls?.when === 'before') return void response.destroy();
      // A device of its own says whose it is, as a session's cookie would.
      const by = clinic.people.get(String(request.headers['x-account']));
      const [status, body] = await clinic.answer(request.method ?? '', path, asked, by);
      if (falls) return void response.destroy();
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(status === 204 ? undefined : JSON.stringify(body));
    });
    const clinic = new Clinic(http);
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    clinic.close = openPage(`http://127.0.0.1:${(http.address() as AddressInfo).port}`);
    await forgetEverything();
    await clinic.found();
    return clinic;
  }

  stop(): void {
    this.close();
    this.http.closeAllConnections();
    this.http.close();
  }

  async makeGroup(
    name: string,
    members: Person[],
    managers = [this.admin],
    kind: Group['kind'] = 'pool',
  ): Promise<Group> {
    const secret = randomBytes(32);
    const id = crypto.randomUUID();
    const payload: GroupPayload = {
      v: 1,
      net: this.net,
      group: id,
      kind,
      seq: 0,
      epoch: 0,
      kem_key: toBase64(await groupKemPublic(secret)),
      members: members.map((one) => one.id),
      managers: managers.map((one) => one.id),
      name,
      prev: null,
    };
    const statement = await signStatement('cordee1.group', payload, this.admin.signer);
    const grants = new Map<string, Grant>();
    for (const one of members) grants.set(one.id, await this.grant(id, 0, secret, one));
    const made: Group = {
      id,
      kind,
      name,
      statements: [statement],
      grants: [grants],
      previous: [],
    };
    this.groups.set(id, made);
    return made;
  }

  async grant(group: string, epoch: number, secret: Bytes, to: Person): Promise<Grant> {
    const context = groupContext(this.net, group, epoch, to.id, to.seq);
    const wrapped = await wrap(kemPublic(to.kemSeed), context, secret);
    return { member_seq: to.seq, wrapped: toBase64(wrapped) };
  }

  /** Hand the device to somebody: what the one before had opened is forgotten. */
  async use(person: Person): Promise<void> {
    this.user = person;
    await signIn(this, person);
    await postOffice().kick(true);
  }

  private async answer(
    method: string,
    path: string,
    body: Json,
    by?: Person,
  ): Promise<[number, Json]> {
    this.requests.push(`${method} ${path}`);
    try {
      await this.before?.(`${method} ${path}`);
      this.user = by ?? this.user;
      // As it is at this moment: another request may come before this answer leaves.
      const honest = structuredClone(this.act(method, new URL(path, 'http://here'), body));
      const told = this.lie ? this.lie(path, honest) : honest;
      return told === undefined ? [204, null] : [200, told];
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return [error.status, { code: error.code, detail: '', ...error.extra }];
    }
  }

  private act(method: string, { pathname, searchParams }: URL, body: Json): Json {
    const [kind, id = '', what, part, last] = pathname.slice(1).split('/');
    if (kind === 'session') return { account: { id: this.user.id }, csrf: 'token' };
    if (kind === 'network') return { net: this.net, policy: this.policy };
    if (kind === 'seal-reports') return void this.reports.push(body);
    if (kind === 'accounts') {
      const ids = (searchParams.get('ids') ?? '').split(',');
      return { items: ids.flatMap((one) => this.people.get(one) ?? []).map(entryOf), next: null };
    }
    if (kind === 'pending-grants') return { items: this.missingGrants(), ...this.pending };
    if (kind === 'groups') {
      if (!id) return { items: [...this.groups.values()].map((one) => this.show(one)), next: null };
      const group = this.groups.get(id);
      if (!group) throw new Refusal(404, 'group_not_found');
      return this.inGroup(method, group, what, body, part, last);
    }
    if (kind === 'cases') return this.inCase(method, id, what, part, body, searchParams);
    throw new Refusal(404, 'not_found');
  }

  private show(group: Group): Json {
    const { members, managers, until = {} } = said<GroupPayload>(group.statements.at(-1) as never);
    const held = group.grants.at(-1) as Map<string, Grant>;
    return {
      ...group,
      grants: group.grants.flatMap((one, epoch) => {
        const grant = one.get(this.user.id);
        return grant ? [{ epoch, ...grant }] : [];
      }),
      deadlines: null,
      archived: false,
      members: members.map((one) => ({
        id: one,
        name: this.people.get(one)?.name,
        waiting: !held.has(one),
        until: until[one] ?? null,
      })),
      mine: members.includes(this.user.id),
      managed: managers.includes(this.user.id),
    };
  }

  private missingGrants(): Json[] {
    return [...this.groups.values()].flatMap((group) => {
      const { members, epoch } = said<GroupPayload>(group.statements.at(-1) as never);
      const held = group.grants[epoch] as Map<string, Grant>;
      if (!held.has(this.user.id)) return [];
      return members
        .filter((one) => !held.has(one))
        .map((member) => ({ group: group.id, epoch, member, member_seq: 0 }));
    });
  }

  private inGroup(method: string, group: Group, what = '', body: Json, part = '', last = '') {
    if (what === 'statements') {
      const { seq, epoch } = said<GroupPayload>(body.statement);
      if (seq !== group.statements.length) throw new Refusal(409, 'group_moved', { seq });
      group.statements.push(body.statement);
      group.grants[epoch] ??= new Map();
      for (const [to, grant] of Object.entries(body.grants)) {
        group.grants[epoch].set(to, grant as Grant);
      }
      if (body.previous) group.previous.push({ epoch, sealed: body.previous, by: this.user.id });
      if (body.previous || epoch > 0) {
        for (const one of this.cases.values()) one.rekeyDue = true;
      }
    }
    if (what === 'previous') {
      group.previous.push({ epoch: Number(part), sealed: body.sealed, by: this.user.id });
    }
    if (what === 'grants') {
      const to = last === 'me' ? this.user.id : last;
      if (method === 'DELETE') group.grants[Number(part)]?.delete(to);
      else group.grants[Number(part)]?.set(to, body);
    }
    return this.show(group);
  }

  private inCase(
    method: string,
    id: string,
    what = '',
    part = '',
    body: Json,
    query: URLSearchParams,
  ): Json {
    if (!id) {
      const items = [...this.cases.values()].filter((one) => this.holds(one));
      return { items: items.map((one) => ({ ...this.row(one), events: [] })), next: null };
    }
    const found = this.cases.get(id);
    if (method === 'PUT' && !what) {
      this.requireToday(Object.keys(body.grants), true);
      const made: Case = {
        id,
        opening: body,
        openedBy: this.user,
        pool: body.pool,
        events: [body.event],
        grants: [],
        previous: [],
        messages: [],
        left: new Set(),
        rekeyDue: false,
      };
      this.keep(made, 0, body.grants);
      this.cases.set(id, made);
      return this.row(made);
    }
    if (!found || !this.holds(found)) throw new Refusal(404, 'case_not_found');
    if (what === 'events') return this.event(found, body);
    if (what === 'messages' && method === 'PUT') return this.message(found, part, body);
    if (what === 'messages') return this.thread(found, query);
    return this.row(found);
  }

  private event(found: Case, body: Json): Json {
    const { n, generation, event } = said<CasePayload>(body.event);
    if (n !== found.events.length) throw new Refusal(409, 'case_moved', { n });
    this.requireToday(Object.keys(body.grants), event === 'rotate');
    found.events.push(body.event);
    if (event === 'rotate') {
      found.previous.push({ generation, sealed: body.previous });
      found.rekeyDue = false;
    }
    if (body.purpose === 'take_off') found.left.add(body.target);
    else if (body.target) found.left.delete(body.target);
    if (body.purpose === 'forward') found.pool = body.target;
    this.keep(found, generation, body.grants);
    return this.row(found);
  }

  private message(found: Case, id: string, body: Json): Json {
    const posted = found.messages.find((known) => known.id === id);
    if (posted) return { id, sequence: posted.sequence };
    if (found.rekeyDue) throw new Refusal(409, 'stale_epoch', { groups: [] });
    const { generation } = said<CasePayload>(found.events.at(-1) as never);
    if (body.generation !== generation) throw new Refusal(409, 'stale_generation');
    const sequence = found.messages.length + 1;
    found.messages.push({
      ...body,
      id,
      case: found.id,
      sequence,
      author: { id: this.user.id, name: this.user.name },
      posted_at: new Date().toISOString(),
    });
    return { id, sequence };
  }

  private thread({ messages }: Case, query: URLSearchParams): Json {
    const [after, before] = [Number(query.get('after')), query.get('before')];
    const limit = Number(query.get('limit'));
    if (before === null) return { items: messages.slice(after, after + limit), next: null };
    return { items: messages.slice(0, Number(before) - 1).slice(-limit), next: null };
  }

  private keep(found: Case, generation: number, grants: Record<string, string>): void {
    for (const [recipient, wrapped] of Object.entries(grants)) {
      found.grants.push({ generation, recipient, wrapped });
    }
  }

  private requireToday(to: string[], all: boolean): void {
    const stale = to.filter((one) => {
      const [kind, id = '', number] = one.split(/[:@]/);
      const epoch = this.groups.get(id)?.grants.length ?? 0;
      const seq = this.people.get(id)?.seq;
      return kind === 'group'
        ? Number(number) !== epoch - 1
        : kind === 'account' && Number(number) !== seq;
    });
    if (stale.length > 0) throw new Refusal(409, 'stale_epoch', { groups: [] });
    const archive = this.custodians.length + this.custodianKeys.length;
    const given = to.filter((one) => one.startsWith('custodian:')).length;
    if (all && given < archive) throw new Refusal(422, 'event_refused');
  }

  private subjects(found: Case): string[] {
    const { generation } = said<CasePayload>(found.events.at(-1) as never);
    const held = found.grants.filter(
      (grant) => grant.generation === generation || !grant.recipient.startsWith('custodian:'),
    );
    return [...new Set(held.map(({ recipient }) => recipient.split('@')[0] as string))];
  }

  private holds(found: Case): boolean {
    return this.subjects(found).some((subject) => {
      const [kind, id = ''] = subject.split(':');
      if (found.left.has(id)) return false;
      if (kind === 'account') return id === this.user.id;
      const group = this.groups.get(id);
      return group ? this.show(group).mine : false;
    });
  }

  row(found: Case): Json {
    const { openedBy, opening } = found;
    const last = said<CasePayload>(found.events.at(-1) as never);
    const pool = this.groups.get(found.pool) as Group;
    return {
      id: found.id,
      number: 'C-TEST0',
      pool: { id: pool.id, name: pool.name, specialty: null },
      care_team: null,
      organisation: null,
      urgency: 'routine',
      state: 'submitted',
      opened_by: { id: openedBy.id, name: openedBy.name },
      expert: null,
      due_at: '',
      last_activity_at: '',
      last_sequence: found.messages.length,
      generation: last.generation,
      events: found.events,
      grants: found.grants.filter(({ recipient }) => {
        const [kind, id = ''] = recipient.split(/[:@]/);
        if (kind === 'account') return id === this.user.id;
        const group = this.groups.get(id);
        return group ? this.show(group).mine : false;
      }),
      previous: found.previous,
      header: { ...opening.header, at: '' },
      read: {},
      unread: 0,
      steps: [],
      rekey_due: found.rekeyDue,
      circle: this.subjects(found).map((subject) => {
        const [kind, id = ''] = subject.split(':');
        const role = id === pool.id ? 'pool' : kind === 'account' ? 'opener' : 'former_pool';
        return { kind, id, name: '', role, since: '', left: found.left.has(id) };
      }),
    };
  }
}

async function read(request: IncomingMessage): Promise<Json> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString();
  return text ? JSON.parse(text) : null;
}
