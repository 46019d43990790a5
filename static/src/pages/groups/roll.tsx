import { type Signal, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t, tn } from '../../i18n.ts';
import { changeMembers, type MemberChanges } from '../../state/group-roll.ts';
import type { Group, GroupMember } from '../../state/group-types.ts';
import { dayOf, endOf } from '../../ui/days.ts';
import { typed, useForm } from '../../ui/form.ts';
import {
  Avatar,
  Banner,
  Button,
  Checkbox,
  Choice,
  Confirm,
  Field,
  Problems,
  Send,
  Tag,
  toast,
} from '../../ui/index.ts';
import { PeoplePicker } from '../../ui/picker.tsx';
import { useSignedPeople } from '../../ui/signed-people.ts';
import { lastDay, specialtyWord } from '../../ui/words.ts';

/** Members of a group, what each waits for, and for who manages it every change one can sign. */
export function Roll({ group }: { group: Group }): JSX.Element {
  const unfolded = useSignal<string | null>(null);
  const signed = group.chain?.payload.members ?? [];
  const managers = group.chain?.payload.managers ?? [];
  const outside = managers.filter((id) => !signed.includes(id));
  const people = useSignedPeople(outside);
  const waiting = group.members.filter((member) => member.waiting);
  return (
    <section class="stack">
      <h2>{t('Members')}</h2>
      <ul class="list">
        {group.members.map((member) => (
          <Member key={member.id} group={group} member={member} unfolded={unfolded} />
        ))}
      </ul>
      {waiting.length > 0 && (
        <Banner>
          {tn(
            '{n} key is on its way. A colleague’s device hands it over by itself at its next connection; nothing needs doing.',
            '{n} keys are on their way. A colleague’s device hands them over by itself at its next connection; nothing needs doing.',
            waiting.length,
          )}
        </Banner>
      )}
      {group.departures_due && (
        <Banner>
          {t(
            'Somebody’s last day has passed: they no longer receive anything. The device of whoever manages this group changes the key by itself.',
          )}
        </Banner>
      )}
      {outside.length > 0 && (
        <p class="small quiet">
          {t('Managed, without being a member and without reading its cases, by {names}.', {
            names: outside.map((id) => people.value.get(id)?.name ?? '…').join(', '),
          })}
        </p>
      )}
      {group.managed && !group.broken && <Add group={group} signed={signed} />}
    </section>
  );
}

interface MemberProps {
  group: Group;
  member: GroupMember;
}

function Member({
  group,
  member,
  unfolded,
}: MemberProps & { unfolded: Signal<string | null> }): JSX.Element {
  const { id, name, until } = member;
  const away = group.away.find((absence) => absence.id === id);
  const open = unfolded.value === id;
  const payload = group.chain?.payload;
  return (
    <li class="list-item">
      <Avatar name={name} />
      <div class="main">
        <p class="strong">{name}</p>
        <p class="quiet small">
          {[
            specialtyWord(member.specialty),
            payload?.managers.includes(id) && t('manages the group'),
            until && t('until {day}', { day: lastDay(until) }),
          ]
            .filter(Boolean)
            .join(', ')}
        </p>
        {away && (
          <p class="small">
            {away.delegate
              ? t('Away until {day}, replaced by {name}', {
                  day: lastDay(away.until),
                  name: away.delegate.name,
                })
              : t('Away until {day}', { day: lastDay(away.until) })}
          </p>
        )}
      </div>
      {member.waiting && (
        <Tag tone="wait" icon="key">
          {t('Key on its way')}
        </Tag>
      )}
      {!payload?.members.includes(id) && (
        <Tag tone="urgent" icon="broken-seal">
          {t('Not signed')}
        </Tag>
      )}
      {group.managed && !group.broken && (
        <Button
          icon={open ? 'close' : 'edit'}
          label={open ? t('Close') : t('Change {name}', { name })}
          aria-expanded={open}
          onClick={() => {
            unfolded.value = open ? null : id;
          }}
        />
      )}
      {open && <Change group={group} member={member} />}
    </li>
  );
}

/** What a manager can sign about one member. */
function Change({ group, member }: MemberProps): JSX.Element {
  const { id, name } = member;
  const managers = group.chain?.payload.managers ?? [];
  const manages = managers.includes(id);
  const day = useSignal(dayOf(member.until, 'end'));
  const when = useSignal<'next' | 'now'>('next');
  const problem = useSignal<unknown>(null);
  const sign = async (change: MemberChanges, said: string) => {
    problem.value = null;
    try {
      await changeMembers(group.id, change);
      toast(said);
    } catch (error) {
      problem.value = error;
    }
  };
  return (
    <div class="unfolded stack">
      <div class="row">
        <Field
          label={t('Last day')}
          hint={t('For a locum: access ends by itself after that day.')}
          name={`until-${id}`}
          type="date"
          optional
          {...typed(day)}
        />
        <Button
          disabled={day.value === dayOf(member.until, 'end')}
          onClick={() =>
            sign({ until: { [id]: day.value ? endOf(day.value) : null } }, t('Changes saved.'))
          }
        >
          {t('Save')}
        </Button>
      </div>
      {(!manages || managers.length > 1) && (
        <Checkbox
          name={`manages-${id}`}
          label={t('May add and remove members')}
          checked={manages}
          onChange={(on) =>
            void sign(
              { managers: on ? [...managers, id] : managers.filter((other) => other !== id) },
              t('Changes saved.'),
            )
          }
        />
      )}
      <Choice
        legend={t('When {name} is removed, change the key of open cases', { name })}
        name={`when-${id}`}
        value={when.value}
        options={[
          {
            value: 'next',
            label: t('At the next message'),
            hint: t('Each case, when somebody next writes in it.'),
          },
          {
            value: 'now',
            label: t('Now'),
            hint: t('All of them, as soon as a member’s device is online.'),
          },
        ]}
        onChange={(chosen) => {
          when.value = chosen;
        }}
      />
      <Problems error={problem.value} />
      <div>
        <Confirm
          action={t('Remove from the group')}
          question={t(
            '{name} loses the group’s cases at once, on every device. What was already read cannot be unread; nothing new can be opened.',
            { name },
          )}
          yes={t('Remove {name}', { name })}
          onConfirm={() =>
            sign({ remove: [id], now: when.value === 'now' }, t('{name} was removed.', { name }))
          }
        />
      </div>
    </div>
  );
}

function Add({ group, signed }: { group: Group; signed: readonly string[] }): JSX.Element {
  const chosen = useSignal<ReadonlyMap<string, string>>(new Map());
  const day = useSignal('');
  const form = useForm(async () => {
    const add = [...chosen.value.keys()];
    await changeMembers(group.id, {
      add,
      ...(day.value ? { until: Object.fromEntries(add.map((id) => [id, endOf(day.value)])) } : {}),
    });
    chosen.value = new Map();
    day.value = '';
    toast(tn('{n} member added.', '{n} members added.', add.length));
  });
  return (
    <form class="card stack" onSubmit={form.submit}>
      <PeoplePicker
        key={group.id}
        legend={t('Add members')}
        name="member"
        chosen={chosen}
        except={(id) => signed.includes(id)}
      />
      <Field
        label={t('Last day')}
        hint={t('For a locum: access ends by itself after that day.')}
        name="until"
        type="date"
        optional
        {...typed(day)}
      />
      <p class="quiet small">
        {t('They will be able to read the group’s cases, past ones included.')}
      </p>
      <Send form={form} icon="plus" disabled={chosen.value.size === 0}>
        {t('Add')}
      </Send>
    </form>
  );
}
