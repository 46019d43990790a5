import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n.ts';
import { navigate, type Params, route } from '../router.ts';
import { caseRow } from '../state/case-rows.ts';
import { startCases } from '../state/cases.ts';
import {
  type CaseDraft,
  dropCaseDraft,
  findCaseDraft,
  newCaseDraft,
  saveCaseDraft,
} from '../state/drafts.ts';
import { groupsLoaded, myCareTeams } from '../state/groups.ts';
import { openCase } from '../state/posting.ts';
import { online } from '../state/session.ts';
import { Button } from '../ui/button.tsx';
import { filesUnderway, useFilesOf } from '../ui/cases/attach.tsx';
import { NotKept, useKeeping } from '../ui/cases/keeping.tsx';
import { PoolStep, QuestionStep, ReviewStep, UrgencyStep } from '../ui/cases/wizard.tsx';
import { headerOf, problemsOf, type StepProps } from '../ui/cases/wizard-draft.ts';
import { PatientStep } from '../ui/cases/wizard-patient.tsx';
import { Steps, Waiting } from '../ui/feedback.tsx';
import { Icon } from '../ui/icon.tsx';
import { Problems } from '../ui/problems.tsx';
import { toast, undoable } from '../ui/toast.tsx';

const STEPS: { title: () => string; show: (props: StepProps) => JSX.Element }[] = [
  { title: () => t('Whom do you ask?'), show: PoolStep },
  { title: () => t('Patient and consent'), show: PatientStep },
  { title: () => t('How urgent is it?'), show: UrgencyStep },
  { title: () => t('Question and photos'), show: QuestionStep },
  { title: () => t('Check and send'), show: ReviewStep },
];

const SAVE_AFTER = 300;

/** From a pool to a sealed case in a few touches. Whatever is typed is kept, sealed, at once. */
export default function NewCasePage({ params }: { params: Params }): JSX.Element {
  const id = params['draft'];
  const draft = useSignal<CaseDraft | null>(null);
  useEffect(startCases, []);
  useEffect(() => {
    if (!id) {
      // One's care team shares the case from the start, so it must be known first.
      if (!groupsLoaded.value) return;
      // An address of its own from the first touch, so that a reload comes back here.
      const fresh = newCaseDraft(myCareTeams()[0]?.id ?? null);
      draft.value = fresh;
      navigate(`/new/${fresh.id}`, { replace: true });
      return;
    }
    if (draft.value?.id === id) return;
    draft.value = null;
    void findCaseDraft(id).then((found) => {
      if (found) draft.value = found;
      // Sent since, from here or another tab; or never written in, or deleted.
      else navigate(caseRow(id) ? `/cases/${id}` : '/new', { replace: true });
    });
  }, [id, draft, groupsLoaded.value]);
  // What can be sent is judged by the groups, which come a moment later after a reload.
  if (!draft.value || !groupsLoaded.value) return <Waiting />;
  return <Wizard key={draft.value.id} initial={draft.value} />;
}

function Wizard({ initial }: { initial: CaseDraft }): JSX.Element {
  const draft = useSignal(initial);
  const problem = useSignal<unknown>(null);
  const told = useSignal(false);
  const keeping = useKeeping();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const over = useRef(false);
  const heading = useRef<HTMLHeadingElement>(null);
  const asked = Number(route.value.query.get('step') ?? 0);
  const step = Math.min(STEPS.length - 1, Math.max(0, Number.isInteger(asked) ? asked : 0));

  function keep(): void {
    clearTimeout(timer.current);
    timer.current = undefined;
    if (over.current) return;
    void keeping.follow(saveCaseDraft(draft.value));
  }

  const keepLate = () => {
    if (timer.current !== undefined || keeping.refused.value) keep();
  };

  const change = (part: Partial<CaseDraft>) => {
    draft.value = { ...draft.value, ...part };
    clearTimeout(timer.current);
    timer.current = setTimeout(keep, SAVE_AFTER);
  };

  // Prepared in any step, or by a page of this draft that is gone.
  useFilesOf(
    initial.id,
    () => draft.value.files,
    (files) => change({ files }),
  );

  const goTo = (next: number) => {
    told.value = false;
    keepLate();
    navigate(`/new/${draft.value.id}?step=${next}`);
  };

  useEffect(() => {
    addEventListener('pagehide', keepLate);
    return () => {
      keepLate();
      removeEventListener('pagehide', keepLate);
    };
  }, []);

  useEffect(() => {
    document.title = `${t('New case')} · Cordée`;
    heading.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [step]);

  const wrong = problemsOf(draft.value, step);
  const last = step === STEPS.length - 1;

  // A photo still being sealed would stay behind.
  const sealing = step >= 3 && filesUnderway.value > 0;

  async function next(): Promise<void> {
    if (sealing) return;
    if (Object.keys(wrong).length > 0) {
      told.value = true;
      requestAnimationFrame(() =>
        document.querySelector<HTMLElement>('.wizard [aria-invalid="true"]')?.focus(),
      );
      return;
    }
    if (!last) {
      goTo(step + 1);
      return;
    }
    await send();
  }

  async function send(): Promise<void> {
    const { id, pool, careTeam, urgency } = draft.value;
    if (over.current || pool === null || urgency === null) return;
    clearTimeout(timer.current);
    timer.current = undefined;
    over.current = true;
    problem.value = null;
    try {
      await openCase({ id, pool, careTeam, urgency, header: headerOf(draft.value) }, id);
    } catch (error) {
      over.current = false;
      problem.value = error;
      return;
    }
    toast(
      online.value
        ? t('Sealed. It is on its way.')
        : t('Sealed and safe on this device. It leaves when the network is back.'),
    );
    navigate(`/cases/${id}`, { replace: true });
  }

  const remove = () => {
    over.current = true;
    clearTimeout(timer.current);
    const { value } = draft;
    navigate('/');
    undoable(t('Draft deleted'), () => dropCaseDraft(value), { back: () => saveCaseDraft(value) });
  };

  const { title, show: Show } = STEPS[step] as (typeof STEPS)[number];
  return (
    <form
      class="page wizard"
      data-width="narrow"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void next();
      }}
    >
      <div class="row" data-spread>
        <Button
          kind="plain"
          icon="back"
          onClick={() => (step > 0 ? goTo(step - 1) : navigate('/'))}
        >
          {step > 0 ? t('Back') : t('My cases')}
        </Button>
        <Button kind="plain" icon="trash" label={t('Delete the draft')} onClick={remove} />
      </div>
      <Steps current={step + 1} total={STEPS.length} />
      <h1 ref={heading} tabIndex={-1}>
        {title()}
      </h1>
      <div class="stack">
        <Show
          draft={draft.value}
          wrong={told.value ? wrong : {}}
          onChange={change}
          onGo={goTo}
          onNext={() => void next()}
        />
        <Problems error={problem.value} />
        <NotKept keeping={keeping} />
      </div>
      {step > 0 && (
        <div class="wizard-foot">
          <Button
            type="submit"
            kind="primary"
            size="large"
            wide
            busy={sealing}
            {...(last ? { icon: 'send' } : {})}
          >
            {last ? t('Seal and send') : t('Continue')}
          </Button>
          {!keeping.refused.value && (
            <p class="wizard-note quiet">
              <Icon name="lock" />
              {t('Kept sealed on this device until you send it.')}
            </p>
          )}
        </div>
      )}
    </form>
  );
}
