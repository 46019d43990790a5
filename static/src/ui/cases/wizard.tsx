import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t, tn } from '../../i18n.ts';
import { patientName } from '../../state/bodies.ts';
import type { Urgency } from '../../state/case-types.ts';
import type { Group } from '../../state/group-types.ts';
import {
  findGroup,
  fullName,
  groupsLoaded,
  myCareTeams,
  openPools,
  overflowOf,
} from '../../state/groups.ts';
import { network } from '../../state/session.ts';
import { custodians } from '../../state/sharing.ts';
import { verdictWords } from '../../state/verdicts.ts';
import { durationWords } from '../../state/words.ts';
import { Banner, Empty, Waiting } from '../feedback.tsx';
import { Checkbox, Choice, Select, TextArea } from '../field.tsx';
import { Icon } from '../icon.tsx';
import { AttachButtons, AttachedList, KeepSize, useAttaching } from './attach.tsx';
import { patientLine } from './cards.tsx';
import { UrgencyMark } from './marks.tsx';
import type { StepProps } from './wizard-draft.ts';

function servedBy(pool: Group): string {
  const here = pool.members.filter((member) => member.present).length;
  const all = tn('{n} specialist', '{n} specialists', pool.served_by);
  return here > 0 ? t('{all}, {here} online now', { all, here }) : all;
}

function expected(pool: Group): string {
  if (pool.median_answer_minutes) {
    return t('Usually answers within {delay}', {
      delay: durationWords(pool.median_answer_minutes),
    });
  }
  const routine = pool.deadlines?.routine;
  return routine ? t('Answers within {delay}', { delay: durationWords(routine) }) : '';
}

export function PoolStep({ draft, wrong, onChange, onGo }: StepProps): JSX.Element {
  const pools = openPools();
  if (!groupsLoaded.value) return <Waiting />;
  if (pools.length === 0) {
    return (
      <Empty icon="pool" title={t('No pool can be asked yet')}>
        {t('Your administrator creates pools of specialists; they then appear here.')}
      </Empty>
    );
  }
  return (
    <>
      {wrong['pool'] && <Banner tone="problem">{wrong['pool']}</Banner>}
      <div class="tiles">
        {pools.map((pool) => (
          <button
            key={pool.id}
            type="button"
            class="tile"
            data-chosen={draft.pool === pool.id || undefined}
            aria-pressed={draft.pool === pool.id}
            disabled={pool.broken !== null}
            onClick={() => {
              onChange({ pool: pool.id });
              onGo(1);
            }}
          >
            <Icon name="pool" />
            <span class="tile-text">
              <span>{fullName(pool)}</span>
              <span class="hint">
                {[pool.territory, servedBy(pool)].filter(Boolean).join(' · ')}
              </span>
              <span class="hint">
                {pool.broken ? verdictWords(pool.broken, { name: pool.name }) : expected(pool)}
              </span>
            </span>
            <Icon name="forward" />
          </button>
        ))}
      </div>
    </>
  );
}

export function UrgencyStep({ draft, wrong, onChange }: StepProps): JSX.Element {
  const deadlines = draft.pool ? findGroup(draft.pool)?.deadlines : null;
  const within = (urgency: Urgency) =>
    deadlines ? t('Answer within {delay}', { delay: durationWords(deadlines[urgency]) }) : '';
  const choice = (value: Urgency, label: string) => ({ value, label, hint: within(value) });
  return (
    <>
      {wrong['urgency'] && <Banner tone="problem">{wrong['urgency']}</Banner>}
      <Choice
        legend={t('Urgency')}
        hideLegend
        name="urgency"
        value={draft.urgency ?? ''}
        options={[
          choice('urgent', t('Urgent')),
          choice('priority', t('Priority')),
          choice('routine', t('Routine')),
        ]}
        onChange={(urgency) => onChange({ urgency })}
      />
      <TextArea
        name="urgencyReason"
        label={t('Why')}
        optional={draft.urgency === 'routine' || draft.urgency === null}
        rows={2}
        maxLength={1000}
        value={draft.urgencyReason}
        error={wrong['urgencyReason']}
        onInput={(urgencyReason) => onChange({ urgencyReason })}
      />
      <p class="small quiet">{t('Life in danger? Call 15: no answer here comes fast enough.')}</p>
    </>
  );
}

export function QuestionStep({ draft, wrong, onChange }: StepProps): JSX.Element {
  const place = { net: network.value?.net ?? '', case: draft.id };
  const attaching = useAttaching(place, draft.id);
  return (
    <>
      <TextArea
        name="question"
        label={t('Your question')}
        hint={t('What you see, since when, what you wonder')}
        rows={5}
        maxLength={8000}
        value={draft.question}
        error={wrong['question']}
        onInput={(question) => onChange({ question })}
      />
      <fieldset class="stack" data-gap="small">
        <legend class="label">{t('Photos and files')}</legend>
        <p class="hint">{t('Photos taken here do not enter the phone’s gallery.')}</p>
        <AttachButtons attaching={attaching} />
        <AttachedList
          place={place}
          files={draft.files}
          attaching={attaching}
          onChange={(next) => onChange({ files: next })}
        />
        <KeepSize attaching={attaching} />
      </fieldset>
      <CareTeam draft={draft} onChange={onChange} />
    </>
  );
}

function CareTeam({ draft, onChange }: Pick<StepProps, 'draft' | 'onChange'>): JSX.Element | null {
  const teams = myCareTeams();
  const [only] = teams;
  if (!only) return null;
  if (teams.length === 1) {
    return (
      <Checkbox
        label={t('Share with {team}', { team: fullName(only) })}
        hint={t('Your colleagues there can read and answer for you.')}
        checked={draft.careTeam === only.id}
        onChange={(shared) => onChange({ careTeam: shared ? only.id : null })}
      />
    );
  }
  return (
    <Select
      name="care-team"
      label={t('Share with a care team')}
      optional
      value={draft.careTeam ?? ''}
      options={teams.map((team) => ({ value: team.id, label: fullName(team) }))}
      onChange={(team) => onChange({ careTeam: team || null })}
    />
  );
}

export function ReviewStep({ draft, wrong, onGo }: StepProps): JSX.Element {
  const pool = draft.pool ? findGroup(draft.pool) : undefined;
  const mending = Object.values(wrong);
  const team = draft.careTeam ? findGroup(draft.careTeam) : undefined;
  const rows: [title: string, body: JSX.Element | string, step: number][] = [
    [t('Asked'), [pool, team].flatMap((one) => (one ? fullName(one) : [])).join(' · '), 0],
    [
      t('Patient'),
      <>
        {patientName(draft.patient)}
        <br />
        <span class="quiet">{patientLine(draft.patient)}</span>
      </>,
      1,
    ],
    [
      t('Urgency'),
      <>
        {draft.urgency && <UrgencyMark urgency={draft.urgency} />}
        {draft.urgencyReason && <p>{draft.urgencyReason}</p>}
      </>,
      2,
    ],
    [
      t('Question'),
      <>
        <p class="prose">{draft.question}</p>
        {draft.files.length > 0 && (
          <p class="quiet">{tn('{n} file', '{n} files', draft.files.length)}</p>
        )}
      </>,
      3,
    ],
  ];
  return (
    <>
      {mending.length > 0 && (
        <Banner tone="problem" title={t('Before it can leave:')}>
          <ul>
            {mending.map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        </Banner>
      )}
      <div class="list">
        {rows.map(([title, body, step]) => (
          <div key={title} class="list-item review-item">
            <div class="main">
              <h2 class="small quiet">{title}</h2>
              {typeof body === 'string' ? <p>{body}</p> : body}
            </div>
            <button
              type="button"
              class="button"
              data-kind="plain"
              aria-label={t('Change: {what}', { what: title })}
              onClick={() => onGo(step)}
            >
              {t('Change')}
            </button>
          </div>
        ))}
      </div>
      <Readers pool={pool} team={team} />
    </>
  );
}

/** Before it leaves: who will have the key, every one of them. */
function Readers({
  pool,
  team,
}: {
  pool: Group | undefined;
  team: Group | undefined;
}): JSX.Element | null {
  const archived = useSignal(false);
  useEffect(() => {
    custodians().then(
      (found) => {
        archived.value = found.length > 0;
      },
      () => undefined,
    );
  }, [archived]);
  if (!pool) return null;
  const people = (group: Group) =>
    t('{name}: {people}', {
      name: fullName(group),
      people: tn('{n} person', '{n} people', group.members.length),
    });
  return (
    <section class="card stack" data-gap="small" aria-labelledby="readers-title">
      <h2 id="readers-title">{t('Who will be able to read')}</h2>
      <ul class="plain">
        <li>{t('You')}</li>
        <li>{people(pool)}</li>
        {overflowOf(pool).map((next) => (
          <li key={next.id}>{t('{name}, only if nobody answers', { name: fullName(next) })}</li>
        ))}
        {team && <li>{people(team)}</li>}
        {archived.value && <li>{t('The archive of the network (sealed key kept offline)')}</li>}
      </ul>
      <p class="small quiet">{t('The server stores the case and cannot read it.')}</p>
    </section>
  );
}
