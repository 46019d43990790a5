import type { Signal } from '@preact/signals';
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import type { PutJob } from '../../outbox/jobs.ts';
import { fetchCase } from '../../state/case-fetching.ts';
import type { CaseRow, Step } from '../../state/case-types.ts';
import { postOffice, tryAgain, waitingOf } from '../../state/outbox.ts';
import { takeStep } from '../../state/posting.ts';
import { stepWord } from '../../state/words.ts';
import { Button, ButtonLink } from '../button.tsx';
import { Banner, Confirm } from '../feedback.tsx';
import { Problems } from '../problems.tsx';
import { WORDED, type WordedStep } from './composer.tsx';

/** What one is waited for: the first allowed one is the button that stands out. */
const NEXT: readonly Step[] = [
  'claim',
  'answer_information',
  'give_opinion',
  'give_second_opinion',
  'acknowledge',
  'close',
];

/** What one may also do, one touch further away. */
const ALSO: readonly Step[] = [
  'request_information',
  'amend_opinion',
  'ask_again',
  'take_over',
  'release',
  'refuse',
  'cancel',
];

/** Those that take something away ask once more, in place. */
function question(step: Step): [question: string, yes: string] | null {
  if (step === 'release') {
    return [
      t('The case goes back to everyone of the pool. The requester is told.'),
      t('Give it back'),
    ];
  }
  if (step === 'take_over') {
    return [t('You answer this case from now on. Its circle is told.'), t('Take over')];
  }
  if (step === 'close') {
    return [
      t('The case is closed. It stays readable, and a new question opens it again.'),
      t('Close it'),
    ];
  }
  if (step === 'cancel') {
    return [t('Nobody will answer this request any more. This cannot be undone.'), t('Cancel it')];
  }
  return null;
}

const isFinal = (step: Step) => step === 'refuse' || step === 'cancel';

interface StepsProps {
  row: CaseRow;
  worded: Signal<WordedStep | null>;
  onWorded: () => void;
}

/** The steps this person may take now, the next one first. */
export function CaseSteps({ row, worded, onWorded }: StepsProps): JSX.Element | null {
  const problem = useSignal<unknown>(null);
  const more = useSignal(false);
  const waiting = waitingOf(row.id).filter((job) => job.kind === 'step' && job.state !== 'refused');
  const isAllowed = (step: Step) => row.steps.includes(step);
  const [first, ...later] = NEXT.filter(isAllowed);
  const others = [...later, ...ALSO.filter(isAllowed)];
  if (waiting.length > 0) {
    return (
      <div class="steps-bar">
        {waiting.map((job) => (
          <WaitingStep key={job.id} job={job} />
        ))}
      </div>
    );
  }
  if (!first && others.length === 0) return <Refusals row={row} />;

  const take = async (step: Step) => {
    problem.value = null;
    try {
      await takeStep(row, step);
    } catch (error) {
      problem.value = error;
    }
  };
  const button = (step: Step, primary: boolean) => {
    if (step === 'give_opinion' || step === 'amend_opinion' || step === 'give_second_opinion') {
      return (
        <ButtonLink
          key={step}
          to={`/cases/${row.id}/opinion`}
          icon="edit"
          {...(primary ? { kind: 'primary' as const } : {})}
        >
          {stepWord(step)}
        </ButtonLink>
      );
    }
    const asks = question(step);
    if (asks) {
      return (
        <Confirm
          key={step}
          action={stepWord(step)}
          question={asks[0]}
          yes={asks[1]}
          kind={isFinal(step) ? 'danger' : 'default'}
          onConfirm={() => take(step)}
        />
      );
    }
    const words = WORDED[step];
    return (
      <Button
        key={step}
        kind={primary ? 'primary' : isFinal(step) ? 'danger' : 'default'}
        onClick={() => {
          if (!words) return take(step);
          worded.value = words();
          onWorded();
          return undefined;
        }}
      >
        {stepWord(step)}
      </Button>
    );
  };
  return (
    <div class="steps-bar">
      <Refusals row={row} />
      <Problems error={problem.value} />
      <div class="row">
        {first && button(first, true)}
        {others.length > 0 && (
          <Button
            kind={first ? 'default' : 'plain'}
            icon={more.value ? 'close' : 'down'}
            label={more.value ? t('Fewer steps') : t('Other steps')}
            aria-expanded={more.value}
            onClick={() => {
              more.value = !more.value;
            }}
          >
            {first ? undefined : more.value ? t('Fewer steps') : t('Other steps')}
          </Button>
        )}
      </div>
      {more.value && <div class="row">{others.map((step) => button(step, false))}</div>}
    </div>
  );
}

function WaitingStep({ job }: { job: PutJob }): JSX.Element {
  const step = job.body['step'] as Step;
  const words = { step: stepWord(step) };
  return (
    <div class="row" data-spread role="status">
      <span class="quiet">
        {job.sending ? t('Sending: {step}', words) : t('Waiting for the network: {step}', words)}
      </span>
      {!job.sending && (
        <Button kind="plain" onClick={() => postOffice().cancel(job.id)}>
          {t('Take back')}
        </Button>
      )}
    </div>
  );
}

/** What the server said no to, until it is read. */
function Refusals({ row }: { row: CaseRow }): JSX.Element | null {
  const refused = waitingOf(row.id).filter(
    (job) => job.state === 'refused' && (job.kind !== 'message' || job.body['kind'] !== 'text'),
  );
  if (refused.length === 0) return null;
  return (
    <>
      {refused.map((job) => (
        <Banner key={job.id} tone="warning" live>
          <p>{job.problem?.detail || t('The server did not accept this.')}</p>
          <div class="row">
            {(job.kind === 'message' || job.body['message'] !== undefined) && (
              <Button onClick={() => tryAgain(job)}>{t('Try again')}</Button>
            )}
            <Button
              onClick={async () => {
                await postOffice().cancel(job.id);
                if (job.kind !== 'case') await fetchCase(row.id).catch(() => undefined);
              }}
            >
              {t('I have read this')}
            </Button>
          </div>
        </Banner>
      ))}
    </>
  );
}
