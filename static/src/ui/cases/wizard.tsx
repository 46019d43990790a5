import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { t, tn } from '../../i18n.ts';
import { ageAt, patientName } from '../../state/bodies.ts';
import type { HeaderBody, Patient, Urgency } from '../../state/case-types.ts';
import type { CaseDraft } from '../../state/drafts.ts';
import { findGroup, type Group, groupsLoaded, myCareTeams, openPools } from '../../state/groups.ts';
import { network } from '../../state/session.ts';
import { durationWords } from '../../state/words.ts';
import { Banner, Empty, Waiting } from '../feedback.tsx';
import { Checkbox, Choice, Field, Select, TextArea } from '../field.tsx';
import { Icon } from '../icon.tsx';
import { AttachButtons, AttachedList, KeepSize, useAttaching } from './attach.tsx';
import { patientLine } from './cards.tsx';
import { UrgencyMark } from './marks.tsx';

/** Field → what is wrong with it, in words. */
export type Wrong = Readonly<Record<string, string>>;

export interface StepProps {
  draft: CaseDraft;
  /** The same draft, to be read later: files come while one types. */
  files: { value: CaseDraft };
  wrong: Wrong;
  onChange: (part: Partial<CaseDraft>) => void;
  onGo: (step: number) => void;
  onNext: () => void;
}

/** What must be mended before leaving a step. The last step repeats all of them. */
export function problemsOf(draft: CaseDraft, step: number): Wrong {
  const wrong: Record<string, string> = {};
  const last = step === 4;
  if ((step === 0 || last) && (!draft.pool || !findGroup(draft.pool))) {
    wrong['pool'] = t('Choose whom to ask.');
  }
  if (step === 1 || last) Object.assign(wrong, patientProblems(draft));
  if (step === 2 || last) {
    if (!draft.urgency) wrong['urgency'] = t('Choose one of the three.');
    if (draft.urgency && draft.urgency !== 'routine' && !draft.urgencyReason.trim()) {
      wrong['urgencyReason'] = t('Say in a few words why it cannot wait.');
    }
  }
  if ((step === 3 || last) && !draft.question.trim()) {
    wrong['question'] = t('Write your question: one sentence is enough.');
  }
  return wrong;
}

function patientProblems({ patient, consent }: CaseDraft): Wrong {
  const wrong: Record<string, string> = {};
  if (!patient.birth_name.trim()) wrong['birth_name'] = t('Write the name given at birth.');
  if (!patient.given_names.trim()) wrong['given_names'] = t('Write at least one given name.');
  if (ageAt(patient.birth_date, new Date()) === null) {
    wrong['birth_date'] = t('Give a birth date that has already been.');
  }
  if (patient.ins && !/^\d{13}(\d\d)?$/.test(patient.ins)) {
    wrong['ins'] = t('An INS has 13 digits, or 15 with its key.');
  }
  if (consent.by === 'representative' && !consent.representative_name?.trim()) {
    wrong['representative'] = t('Write the representative’s name.');
  }
  if (!consent.informed) {
    wrong['consent'] = t('Without consent no request leaves: inform the patient first.');
  }
  return wrong;
}

/** The sealed header a draft becomes. */
export function headerOf(draft: CaseDraft): HeaderBody {
  const { patient, consent } = draft;
  const trimmed = Object.fromEntries(
    Object.entries(patient).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.trim() : value,
    ]),
  ) as unknown as Patient;
  return {
    patient: { ...trimmed, ins_status: trimmed.ins ? (trimmed.ins_status ?? 'provisoire') : null },
    consent: {
      informed: true,
      by: consent.by,
      representative_name:
        consent.by === 'representative' ? (consent.representative_name?.trim() ?? null) : null,
      how: consent.how,
      at: consent.at || new Date().toISOString(),
    },
    urgency_reason: draft.urgencyReason.trim(),
    question: draft.question.trim(),
    reason: draft.reason.trim() || null,
    wanted_delay: draft.wantedDelay.trim() || null,
    attachments: draft.files,
    answers: {},
  };
}

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
              <span>{pool.name}</span>
              <span class="hint">
                {[pool.territory, servedBy(pool)].filter(Boolean).join(' · ')}
              </span>
              <span class="hint">
                {pool.broken ? t('Its seal is broken: it cannot be asked.') : expected(pool)}
              </span>
            </span>
            <Icon name="forward" />
          </button>
        ))}
      </div>
    </>
  );
}

export function PatientStep({ draft, wrong, onChange }: StepProps): JSX.Element {
  const { patient, consent } = draft;
  const set = (part: Partial<Patient>) => onChange({ patient: { ...patient, ...part } });
  const agree = (part: Partial<CaseDraft['consent']>) =>
    onChange({ consent: { ...consent, ...part } });
  const field = (name: keyof Patient, label: string) => ({
    name,
    label,
    value: (patient[name] as string | null) ?? '',
    onInput: (value: string) => set({ [name]: value }),
    error: wrong[name],
    autocomplete: 'off',
  });
  return (
    <>
      <p class="quiet">{t('Sealed before it leaves: the server never reads a name.')}</p>
      <Field {...field('birth_name', t('Birth name'))} autocapitalize="characters" />
      <Field {...field('given_names', t('Given names'))} autocapitalize="words" />
      <div class="compact">
        <Choice
          legend={t('Sex')}
          name="sex"
          value={patient.sex}
          options={[
            { value: 'F', label: t('Woman') },
            { value: 'M', label: t('Man') },
            { value: 'U', label: t('Not stated') },
          ]}
          onChange={(sex) => set({ sex })}
        />
      </div>
      <Field {...field('birth_date', t('Birth date'))} type="date" max={today()} min="1900-01-01" />
      <details class="more">
        <summary>{t('Used name, INS, local identifier')}</summary>
        <div class="stack">
          <Field {...field('used_name', t('Used name'))} optional />
          <Field
            {...field('ins', t('INS'))}
            optional
            inputMode="numeric"
            hint={t('National health identity, when you know it')}
          />
          {patient.ins && (
            <Select
              name="ins_status"
              label={t('Status of the INS')}
              value={patient.ins_status ?? 'provisoire'}
              options={[
                { value: 'provisoire', label: t('provisional') },
                { value: 'recuperee', label: t('retrieved') },
                { value: 'validee', label: t('validated') },
                { value: 'qualifiee', label: t('qualified') },
              ]}
              onChange={(ins_status) => set({ ins_status })}
            />
          )}
          <Field {...field('local_id', t('Local identifier'))} optional />
          <Field
            {...field('birthplace_code', t('Birthplace code'))}
            optional
            hint={t('INSEE code of the town, or of the country')}
          />
        </div>
      </details>
      <fieldset class="card stack" data-gap="small">
        <legend class="label">{t('Consent')}</legend>
        {wrong['consent'] && (
          <p class="error">
            <Icon name="warning" />
            {wrong['consent']}
          </p>
        )}
        <Checkbox
          label={
            consent.by === 'patient'
              ? t('The patient was informed and does not object')
              : t('The representative was informed and does not object')
          }
          checked={consent.informed}
          aria-invalid={wrong['consent'] ? 'true' : undefined}
          onChange={(informed) => agree({ informed, at: informed ? new Date().toISOString() : '' })}
        />
        <details class="more">
          <summary>{t('Someone else, or in writing')}</summary>
          <div class="stack">
            <Choice
              legend={t('Who was informed')}
              name="consent-by"
              value={consent.by}
              options={[
                { value: 'patient', label: t('The patient') },
                { value: 'representative', label: t('A representative') },
              ]}
              onChange={(by) => agree({ by })}
            />
            {consent.by === 'representative' && (
              <Field
                name="representative"
                label={t('Name of the representative')}
                value={consent.representative_name ?? ''}
                error={wrong['representative']}
                autocomplete="off"
                onInput={(representative_name) => agree({ representative_name })}
              />
            )}
            <Choice
              legend={t('How')}
              name="consent-how"
              value={consent.how}
              options={[
                { value: 'oral', label: t('Spoken') },
                { value: 'written', label: t('In writing') },
              ]}
              onChange={(how) => agree({ how })}
            />
          </div>
        </details>
      </fieldset>
    </>
  );
}

function today(): string {
  const now = new Date();
  const pad = (n: number) => String(n).padStart(2, '0');
  return `${now.getFullYear()}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`;
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

export function QuestionStep({ draft, files, wrong, onChange }: StepProps): JSX.Element {
  const place = { net: network.value?.net ?? '', case: draft.id };
  const latest = useMemo(
    () => ({
      get value() {
        return files.value.files;
      },
      set value(next) {
        onChange({ files: next });
      },
    }),
    [files, onChange],
  );
  const attaching = useAttaching(place, latest, (next) => onChange({ files: next }));
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
        label={t('Share with {team}', { team: only.name })}
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
      options={teams.map((team) => ({ value: team.id, label: team.name }))}
      onChange={(team) => onChange({ careTeam: team || null })}
    />
  );
}

export function ReviewStep({ draft, wrong, onGo }: StepProps): JSX.Element {
  const pool = draft.pool ? findGroup(draft.pool) : undefined;
  const mending = Object.values(wrong);
  const team = draft.careTeam ? findGroup(draft.careTeam) : undefined;
  const rows: [title: string, body: JSX.Element | string, step: number][] = [
    [t('Asked'), [pool?.name, team?.name].filter(Boolean).join(' · '), 0],
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
    </>
  );
}
