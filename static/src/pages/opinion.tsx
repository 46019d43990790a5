import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../i18n.ts';
import { navigate, type Params } from '../router.ts';
import { isOpinion } from '../state/bodies.ts';
import { openedAs } from '../state/case-opening.ts';
import { caseRow, opened } from '../state/case-rows.ts';
import type { CaseRow, OpinionBody } from '../state/case-types.ts';
import { startCases } from '../state/cases.ts';
import {
  dropDraft,
  loadDraft,
  type OpinionDraft,
  opinionDraftId,
  saveDraft,
} from '../state/drafts.ts';
import { followThread, type LiveThread } from '../state/messages.ts';
import { takeStep } from '../state/posting.ts';
import { me } from '../state/session.ts';
import { Button } from '../ui/button.tsx';
import { OpinionText } from '../ui/cases/cards.tsx';
import { NotKept, useKeeping } from '../ui/cases/keeping.tsx';
import { SealProblem } from '../ui/cases/marks.tsx';
import { isSecond, opinionTitle } from '../ui/cases/opinions.ts';
import { Banner, Waiting } from '../ui/feedback.tsx';
import { TextArea } from '../ui/field.tsx';
import { Page } from '../ui/page.tsx';
import { Problems } from '../ui/problems.tsx';
import { useShortcuts } from '../ui/shortcuts.ts';
import { toast } from '../ui/toast.tsx';

const NOTHING: OpinionDraft = { conclusion: '', recommendations: '', follow_up: '', incidents: '' };
const SAVE_AFTER = 400;

/** Write an opinion, or a new version of one; read it once more; sign it. */
export default function OpinionPage({ params }: { params: Params }): JSX.Element {
  const id = params['id'] ?? '';
  const live = useSignal<LiveThread | null>(null);
  useEffect(startCases, []);
  useEffect(() => {
    const followed = followThread(id);
    live.value = followed;
    return () => followed.stop();
  }, [id, live]);
  const row = caseRow(id);
  if (!row || !live.value || live.value.loading.value) {
    return (
      <Page title={t('Opinion')} back={`/cases/${id}`} width="narrow">
        <Problems error={live.value?.problem.value} />
        <Waiting />
      </Page>
    );
  }
  return <OpinionForm row={row} live={live.value} />;
}

type Signing = 'give_opinion' | 'amend_opinion' | 'give_second_opinion';
const SIGNING: readonly Signing[] = ['amend_opinion', 'give_opinion', 'give_second_opinion'];

/** The version that a new one goes on from: the case's own opinion, or one's own second one. */
function versionBefore(
  row: CaseRow,
  live: LiveThread,
  step: Signing | undefined,
): { id: string; body: OpinionBody } | null {
  if (step === 'give_opinion') return null;
  const second = step === 'give_second_opinion';
  for (const message of live.thread.value.rows.toReversed()) {
    const { id, kind, author } = message;
    const body = openedAs(live.opened.value, message)?.body ?? null;
    const own = second ? author.id === me.value?.id : !isSecond(row, author.id);
    if (kind === 'opinion' && own && isOpinion(body)) return { id, body };
  }
  return null;
}

function OpinionForm({ row, live }: { row: CaseRow; live: LiveThread }): JSX.Element {
  const text = useSignal<OpinionDraft>(NOTHING);
  const checking = useSignal(false);
  const wrong = useSignal<string | null>(null);
  const problem = useSignal<unknown>(null);
  const keeping = useKeeping();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const touched = useRef(false);
  const draft = opinionDraftId(row.id);
  const step = SIGNING.find((one) => row.steps.includes(one));
  const before = versionBefore(row, live, step);
  const found = opened.value.get(row.id);

  const keep = () => {
    clearTimeout(timer.current);
    timer.current = undefined;
    void keeping.follow(saveDraft(draft, text.value));
  };
  const set = (part: Partial<OpinionDraft>) => {
    touched.current = true;
    text.value = { ...text.value, ...part };
    clearTimeout(timer.current);
    timer.current = setTimeout(keep, SAVE_AFTER);
  };

  useEffect(() => {
    void loadDraft<OpinionDraft>(draft)
      .then((kept) => {
        if (touched.current) return;
        if (kept) text.value = { ...NOTHING, ...kept };
      })
      .catch(() => undefined);
    return () => {
      if (timer.current !== undefined || keeping.refused.value) keep();
    };
  }, [draft]);
  // An amendment begins with the words it amends, as soon as they are open.
  useEffect(() => {
    if (!before || touched.current || text.value !== NOTHING) return;
    const { conclusion, recommendations, follow_up, incidents } = before.body;
    text.value = { conclusion, recommendations, follow_up, incidents };
  }, [before, text]);

  const check = () => {
    wrong.value = text.value.conclusion.trim() ? null : t('Write a conclusion before signing.');
    if (!wrong.value) checking.value = true;
    else document.querySelector<HTMLElement>('[name="conclusion"]')?.focus();
  };
  async function sign(): Promise<void> {
    if (!step) return;
    problem.value = null;
    clearTimeout(timer.current);
    timer.current = undefined;
    const trim = (value: string) => value.trim();
    const body: OpinionBody = {
      conclusion: trim(text.value.conclusion),
      recommendations: trim(text.value.recommendations),
      follow_up: trim(text.value.follow_up),
      incidents: trim(text.value.incidents),
      version: before ? before.body.version + 1 : 1,
      status: before ? 'amended' : 'signed',
      ...(before ? { amends: before.id } : {}),
    };
    const seen = live.thread.value.rows.slice(-3).map((message) => message.id);
    const words = {
      id: crypto.randomUUID(),
      kind: 'opinion',
      body,
      attachments: [],
      seen,
    } as const;
    try {
      await takeStep(row, step, { ...words, attachments: [], seen }, draft);
    } catch (error) {
      problem.value = error;
      return;
    }
    keeping.refused.value = false;
    toast(t('Signed and sealed.'));
    navigate(`/cases/${row.id}`, { replace: true });
  }
  useShortcuts({
    'Ctrl+Enter': {
      words: t('Check, then sign'),
      run: () => void (checking.value ? sign() : check()),
    },
  });

  if (!step) {
    return (
      <Page title={t('Opinion')} back={`/cases/${row.id}`} width="narrow">
        <Banner>
          {t(
            'Only the expert who took this case, or who was asked for a second opinion, writes one.',
          )}
        </Banner>
      </Page>
    );
  }
  if (found?.seal.state === 'broken' || found?.seal.state === 'closed') {
    return (
      <Page title={t('Opinion')} back={`/cases/${row.id}`} width="narrow">
        <SealProblem seal={found.seal} row={row} />
      </Page>
    );
  }
  const version = (before?.body.version ?? 0) + 1;
  const second = step === 'give_second_opinion';
  const title =
    version > 1
      ? opinionTitle(row, me.value?.id ?? '', version)
      : second
        ? t('Write a second opinion')
        : t('Write the opinion');
  return (
    <Page
      title={checking.value ? t('Check before signing') : title}
      back={`/cases/${row.id}`}
      width="narrow"
      lead={found?.header?.question}
    >
      {checking.value ? (
        <div class="stack">
          <article class="card opinion">
            {second && <h2>{t('Second opinion')}</h2>}
            <OpinionText opinion={text.value} />
            <p class="small quiet">
              {t('Will be signed by {name}', { name: me.value?.name ?? '' })}
            </p>
          </article>
          {second && (
            <Banner>
              {t('It stands beside the opinion of {pool}, which stays in charge.', {
                pool: row.pool.name,
              })}
            </Banner>
          )}
          {before && (
            <Banner>
              {t('Version {n} stays readable below this one.', { n: before.body.version })}
            </Banner>
          )}
          <Problems error={problem.value} />
          <div class="row">
            <Button kind="primary" size="large" icon="seal" onClick={sign}>
              {t('Sign and send')}
            </Button>
            <Button
              onClick={() => {
                checking.value = false;
              }}
            >
              {t('Change')}
            </Button>
          </div>
        </div>
      ) : (
        <form
          class="stack"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            check();
          }}
        >
          <TextArea
            name="conclusion"
            label={t('Conclusion')}
            rows={5}
            maxLength={8000}
            value={text.value.conclusion}
            error={wrong.value}
            onInput={(conclusion) => set({ conclusion })}
          />
          <TextArea
            name="recommendations"
            label={t('Recommendations and prescriptions')}
            optional
            rows={5}
            maxLength={8000}
            value={text.value.recommendations}
            onInput={(recommendations) => set({ recommendations })}
          />
          <TextArea
            name="follow_up"
            label={t('Follow-up')}
            optional
            rows={3}
            maxLength={4000}
            value={text.value.follow_up}
            onInput={(follow_up) => set({ follow_up })}
          />
          <TextArea
            name="incidents"
            label={t('Technical incidents')}
            optional
            hint={t('Blurred photo, missing document, cut line')}
            rows={2}
            maxLength={2000}
            value={text.value.incidents}
            onInput={(incidents) => set({ incidents })}
          />
          <NotKept keeping={keeping} />
          <Button type="submit" kind="primary" size="large" wide>
            {t('Check before signing')}
          </Button>
          <Button
            kind="plain"
            onClick={async () => {
              clearTimeout(timer.current);
              timer.current = undefined;
              keeping.refused.value = false;
              await dropDraft(draft);
              navigate(`/cases/${row.id}`);
            }}
          >
            {t('Drop what I wrote')}
          </Button>
        </form>
      )}
    </Page>
  );
}
