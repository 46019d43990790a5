import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { t, tn } from '../../i18n.ts';
import type { CaseRow } from '../../state/case-types.ts';
import type { Named } from '../../state/types.ts';
import { clockTime, dayWords } from '../../state/words.ts';
import { api, type Page } from '../../transport/http.ts';
import { Button } from '../button.tsx';
import { Waiting } from '../feedback.tsx';
import { Problems } from '../problems.tsx';

interface TraceRow {
  id: string;
  place: number | null;
  at: string;
  actor: Named | null;
  action: string;
  result: 'done' | 'refused' | 'denied';
}

/** An action of the trace as a sentence without its subject: "opened the case". */
function actionWords(action: string): string {
  const words: Record<string, () => string> = {
    'case:open': () => t('sent the request'),
    'case:read': () => t('looked at the case'),
    'case:claim': () => t('took the case'),
    'case:release': () => t('gave the case back'),
    'case:request_information': () => t('asked for information'),
    'case:answer_information': () => t('gave the information'),
    'case:give_opinion': () => t('signed an opinion'),
    'case:amend_opinion': () => t('amended the opinion'),
    'case:acknowledge': () => t('confirmed having read the opinion'),
    'case:close': () => t('closed the case'),
    'case:refuse': () => t('refused the case'),
    'case:cancel': () => t('cancelled the request'),
    'case:ask_again': () => t('asked a new question'),
    'case:deny': () => t('was refused access'),
    'case:trace': () => t('looked at this trace'),
    'message:post': () => t('wrote a message'),
    'message:read': () => t('read the messages'),
    'attachment:upload': () => t('sent a file'),
    'attachment:download': () => t('opened a file'),
    'attachment:store': () => t('finished sending a file'),
    'attachment:discard': () => t('withdrew a file'),
    'attachment:deny': () => t('was refused a file'),
    'case:forward': () => t('forwarded the case to another pool'),
    'case:second_opinion': () => t('asked for a second opinion'),
    'case:give_second_opinion': () => t('signed a second opinion'),
    'case:bring_in': () => t('brought somebody in'),
    'case:take_off': () => t('took somebody off the case'),
    'case:take_over': () => t('took the case over from an absent colleague'),
    'case:rekey': () => t('changed the key of the case'),
    'case:regrant': () => t('handed the key over again'),
    'case:overflow': () => t('passed the case on to the next pool'),
    'custodian:open': () => t('opened the case from the archive'),
    'case:join': () => t('opened the conversation'),
    'case:step_refused': () => t('tried a step that was not possible'),
  };
  return words[action]?.() ?? action;
}

interface Entry extends TraceRow {
  /** How many times in a row within the hour. */
  times: number;
}

const HOUR = 3_600_000;

/** The same deed of the same person again and again is one line; each stays in the trace itself. */
export function grouped(rows: readonly TraceRow[]): Entry[] {
  const entries: Entry[] = [];
  for (const row of rows) {
    const last = entries.at(-1);
    const again =
      last &&
      last.action === row.action &&
      last.actor?.id === row.actor?.id &&
      last.result === row.result &&
      Math.abs(Date.parse(last.at) - Date.parse(row.at)) < HOUR;
    if (again) last.times += 1;
    else entries.push({ ...row, times: 1 });
  }
  return entries;
}

/** Who did or read what, and when: the same for everyone of the circle. */
export function CaseTrace({ row }: { row: CaseRow }): JSX.Element {
  const items = useSignal<TraceRow[] | null>(null);
  const next = useSignal<string | null>(null);
  const problem = useSignal<unknown>(null);

  async function load(cursor: string | null): Promise<void> {
    problem.value = null;
    try {
      const query = new URLSearchParams({ limit: '100', ...(cursor ? { cursor } : {}) });
      const page = await api<Page<TraceRow>>('GET', `/cases/${row.id}/trace?${query}`);
      items.value = cursor ? [...(items.value ?? []), ...page.items] : page.items;
      next.value = page.next;
    } catch (error) {
      problem.value = error;
    }
  }

  useEffect(() => {
    void load(null);
  }, [row.id, row.last_activity_at, row.state]);

  if (problem.value) return <Problems error={problem.value} />;
  if (!items.value) return <Waiting />;
  let day = '';
  return (
    <section class="stack" aria-labelledby="trace-title">
      <h2 id="trace-title">{t('Trace')}</h2>
      <p class="small quiet">
        {t('Everything done or read in this case, by whom and when. Nobody can change it.')}
      </p>
      <ol class="trace">
        {grouped(items.value).map((item) => {
          const on = dayWords(item.at);
          const fresh = on !== day;
          day = on;
          return (
            <li key={item.id}>
              {fresh && <p class="day">{on}</p>}
              <p>
                <time class="quiet tabular" dateTime={item.at}>
                  {clockTime(item.at)}
                </time>
                <span>
                  <span class="strong">{item.actor?.name ?? t('The system')}</span>{' '}
                  {actionWords(item.action)}
                  {item.times > 1 && (
                    <span class="quiet"> {tn('({n} time)', '({n} times)', item.times)}</span>
                  )}
                  {item.result !== 'done' && <span class="quiet"> ({t('refused')})</span>}
                </span>
              </p>
            </li>
          );
        })}
      </ol>
      {next.value && <Button onClick={() => load(next.value)}>{t('Show more')}</Button>}
    </section>
  );
}
