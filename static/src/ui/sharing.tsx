import { type Signal, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n.ts';
import type { CaseRow, CaseState } from '../state/case-types.ts';
import { viewer } from '../state/cases.ts';
import { fullName, openPools } from '../state/groups.ts';
import { isRequester } from '../state/order.ts';
import { askSecondOpinion, bringIn, forwardCase, passOn, takeOff } from '../state/sharing.ts';
import { Button } from './button.tsx';
import { roleWords, type Seat, seatName, seatsOf } from './cases/seats.ts';
import { useForm } from './form.ts';
import type { IconName } from './icon.tsx';
import { PeoplePicker, Picker } from './picker.tsx';
import { Problems } from './problems.tsx';
import { toast } from './toast.tsx';
import { specialtyWord } from './words.ts';

type Deed = 'forward' | 'second_opinion' | 'named_expert' | 'doctor' | 'take_off' | 'overflow';

interface Words {
  icon: IconName;
  action: string;
  /** What will happen, before anybody was chosen and after. */
  will: (name: string) => string;
  yes: string;
  done: (name: string) => string;
}

function wordsOf(deed: Deed, row: CaseRow): Words {
  const pool = row.pool.name;
  const read = (name: string) =>
    name
      ? t('{name} will be able to read all of this case, what was said before included.', { name })
      : t('They will be able to read all of this case, what was said before included.');
  const all: Record<Deed, () => Words> = {
    forward: () => ({
      icon: 'forward',
      action: t('Forward to another pool'),
      will: (name) =>
        `${read(name)} ${t('They answer from now on; {pool} keeps reading.', { pool })}`,
      yes: t('Forward'),
      done: (name) => t('The case was forwarded to {name}.', { name }),
    }),
    second_opinion: () => ({
      icon: 'pool',
      action: t('Ask a second opinion'),
      will: (name) =>
        `${read(name)} ${t('They can write and sign a second opinion; {pool} stays in charge.', { pool })}`,
      yes: t('Ask'),
      done: (name) => t('{name} was asked for a second opinion.', { name }),
    }),
    named_expert: () => ({
      icon: 'person',
      action: t('Bring in an expert'),
      will: (name) => `${read(name)} ${t('They can write and sign a second opinion.')}`,
      yes: t('Bring in'),
      done: (name) => t('{name} can now read this case.', { name }),
    }),
    doctor: () => ({
      icon: 'person',
      action: t('Bring in the patient’s doctor'),
      will: (name) => `${read(name)} ${t('They can write in it.')}`,
      yes: t('Bring in'),
      done: (name) => t('{name} can now read this case.', { name }),
    }),
    take_off: () => ({
      icon: 'close',
      action: t('Take somebody off'),
      will: (name) =>
        `${name ? t('{name} loses this case at once.', { name }) : t('They lose this case at once.')} ${t('The key is changed; what was already read cannot be unread.')}`,
      yes: t('Take off'),
      done: (name) => t('{name} can no longer read this case.', { name }),
    }),
    overflow: () => ({
      icon: 'forward',
      action: t('Pass on to the overflow pool'),
      will: (name) =>
        t('{name} answers from now on. It already has the key; {pool} keeps reading.', {
          name,
          pool,
        }),
      yes: t('Pass on'),
      done: (name) => t('The case was passed on to {name}.', { name }),
    }),
  };
  return all[deed]();
}

/** Once nobody answers any more, nobody else is asked either. */
const SILENT: ReadonlySet<CaseState> = new Set(['closed', 'refused', 'cancelled']);
/** While an opinion is awaited, the case can go on to another pool. */
const TRAVELS: ReadonlySet<CaseState> = new Set([
  'submitted',
  'claimed',
  'information_requested',
  'answered',
]);
const STAYING = new Set<Seat['role']>(['opener', 'care_team', 'pool', 'custodian', null]);
/** From which roles somebody of the circle can be asked into another. */
const BECOMES: Partial<Record<Deed, readonly Seat['role'][]>> = {
  forward: ['former_pool', 'second_opinion', 'overflow'],
  second_opinion: ['former_pool', 'overflow'],
  named_expert: ['doctor'],
};
const removable = (seat: Seat) => !STAYING.has(seat.role);

/** What this person may do about the circle: the server checks again, by the same rules. */
export function deedsOf(row: CaseRow): Deed[] {
  const requester = isRequester(row, viewer.value);
  const served = viewer.value.groups.has(row.pool.id);
  const charged = requester || row.expert?.id === viewer.value.id;
  const asking = charged || served;
  const speaking = !SILENT.has(row.state);
  const travels = TRAVELS.has(row.state);
  const seats = seatsOf(row);
  const may: [Deed, boolean][] = [
    ['second_opinion', asking && speaking],
    ['named_expert', asking && speaking],
    ['doctor', charged],
    ['forward', asking && travels],
    ['overflow', served && travels && seats.some(({ role }) => role === 'overflow')],
    ['take_off', charged && seats.some(removable)],
  ];
  return may.filter(([, allowed]) => allowed).map(([deed]) => deed);
}

/** Buttons; the one pressed unfolds in place, the others step aside. */
export function Sharing({ row }: { row: CaseRow }): JSX.Element | null {
  const open = useSignal<Deed | null>(null);
  const deeds = deedsOf(row);
  if (deeds.length === 0) return null;
  const deed = open.value;
  if (deed && deeds.includes(deed)) return <Form key={deed} deed={deed} row={row} open={open} />;
  return (
    <div class="deeds">
      {deeds.map((one) => {
        const { icon, action } = wordsOf(one, row);
        return (
          <Button
            key={one}
            icon={icon}
            onClick={() => {
              open.value = one;
            }}
          >
            {action}
          </Button>
        );
      })}
    </div>
  );
}

/** Whom it is about, what will happen, then yes or no. */
function Form({
  deed,
  row,
  open,
}: {
  deed: Deed;
  row: CaseRow;
  open: Signal<Deed | null>;
}): JSX.Element {
  const words = wordsOf(deed, row);
  const seats = seatsOf(row);
  const next = deed === 'overflow' ? seats.find(({ role }) => role === 'overflow') : undefined;
  const chosen = useSignal<ReadonlyMap<string, string>>(
    new Map(next ? [[next.id, seatName(row, next)]] : []),
  );
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const [target, name] = [...chosen.value][0] ?? ['', ''];
  const form = useForm(async () => {
    if (!target) return;
    if (deed === 'forward') await forwardCase(row, target);
    else if (deed === 'second_opinion') await askSecondOpinion(row, target);
    else if (deed === 'take_off') await takeOff(row, target);
    else if (deed === 'overflow') await passOn(row);
    else await bringIn(row, target, deed);
    toast(words.done(name));
    open.value = null;
  });
  const inside = (id: string) =>
    seats.some((one) => one.id === id && !BECOMES[deed]?.includes(one.role));
  const common = { legend: t('Who'), name: 'whom', chosen, single: true };
  return (
    <form class="card stack" onSubmit={form.submit} aria-labelledby="deed-title">
      <h3 id="deed-title" ref={heading} tabIndex={-1}>
        {words.action}
      </h3>
      {(deed === 'forward' || deed === 'second_opinion') && (
        <Picker
          {...common}
          search={t('Filter by name, specialty or territory')}
          among={openPools()
            .filter(({ id, broken }) => !broken && !inside(id))
            .map((pool) => ({
              id: pool.id,
              name: fullName(pool),
              hint: [specialtyWord(pool.specialty), pool.territory].filter(Boolean).join(' · '),
            }))}
        />
      )}
      {(deed === 'named_expert' || deed === 'doctor') && (
        <PeoplePicker {...common} except={inside} />
      )}
      {deed === 'take_off' && (
        <Picker
          {...common}
          search={t('Filter by name')}
          among={seats
            .filter(removable)
            .map((one) => ({ id: one.id, name: seatName(row, one), hint: roleWords(one.role) }))}
        />
      )}
      <p>{words.will(name)}</p>
      <Problems error={form.error.value} />
      <div class="row">
        <Button
          type="submit"
          kind={deed === 'take_off' ? 'danger-primary' : 'primary'}
          busy={form.busy.value}
          busyLabel={t('Sealing…')}
          disabled={!target}
        >
          {words.yes}
        </Button>
        <Button
          onClick={() => {
            open.value = null;
          }}
        >
          {t('Cancel')}
        </Button>
      </div>
    </form>
  );
}
