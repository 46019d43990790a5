import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { AttachmentManifest } from '../../crypto/payloads.ts';
import { t } from '../../i18n.ts';
import type { Place } from '../../photos/sealing.ts';
import { isOpinion } from '../../state/bodies.ts';
import { openedAs } from '../../state/case-opening.ts';
import type {
  CaseRow,
  MessageKind,
  MessageRow,
  OpenedCase,
  OpenedMessage,
  TextBody,
} from '../../state/case-types.ts';
import type { LiveThread } from '../../state/messages.ts';
import { postOffice, tryAgain, waitingMessage, waitingOf } from '../../state/outbox.ts';
import { me } from '../../state/session.ts';
import { olderThan, type Thread, typingNow } from '../../state/thread.ts';
import { clockTime, dateAndTime, dayWords } from '../../state/words.ts';
import { Button } from '../button.tsx';
import { Avatar, Waiting } from '../feedback.tsx';
import { Icon } from '../icon.tsx';
import { toast } from '../toast.tsx';
import { Files, OpinionCard, Prose, RequestCard } from './cards.tsx';
import { SealProblem, SealSign } from './marks.tsx';
import { inForce } from './opinions.ts';
import { nameOf } from './people.ts';

interface ThreadViewProps {
  row: CaseRow;
  found: OpenedCase | undefined;
  live: LiveThread;
  place: Place;
  onOpen: (files: AttachmentManifest[], index: number) => void;
  onReply: (message: MessageRow, text: string) => void;
}

/** The request, then everything said about it, newest at the bottom. */
export function ThreadView({
  row,
  found,
  live,
  place,
  onOpen,
  onReply,
}: ThreadViewProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const thread = live.thread.value;
  const waiting = waitingOf(row.id)
    .map((job) => waitingMessage(job, me.value?.name ?? ''))
    .filter((message): message is MessageRow => message !== null)
    .filter((message) => !thread.rows.some((known) => known.id === message.id));
  const messages = [...thread.rows, ...waiting];
  useStickyEnd(box, messages.length, live.opened.value.size);
  useEffect(() => {
    live.markRead();
  });
  const current = inForce(
    row,
    messages.filter((message) => {
      const body = openedAs(live.opened.value, message)?.body ?? null;
      return message.kind === 'opinion' && (isOpinion(body) || body === null);
    }),
  );
  let day = '';
  return (
    <div ref={box} class="thread" tabIndex={-1}>
      {found?.header && (
        <RequestCard row={row} found={found} header={found.header} place={place} onOpen={onOpen} />
      )}
      <div class="thread-log" role="log" aria-label={t('Conversation')}>
        {olderThan(thread) !== null && <Older live={live} box={box} />}
        {messages.map((message) => {
          const on = dayWords(message.posted_at);
          const fresh = on !== day;
          day = on;
          return (
            <div key={message.id} class="turn">
              {fresh && <p class="day">{on}</p>}
              <Turn
                row={row}
                message={message}
                opened={openedAs(live.opened.value, message)}
                quoted={quoteOf(message, messages, live.opened.value)}
                thread={thread}
                replaced={message.kind === 'opinion' && !current.has(message.id)}
                place={place}
                onOpen={onOpen}
                onReply={onReply}
              />
            </div>
          );
        })}
        {live.loading.value && thread.rows.length === 0 && row.last_sequence > 0 && <Waiting />}
      </div>
      <Typing row={row} thread={thread} />
    </div>
  );
}

/** Stay at the end while new things come, unless the reader went up to read. */
function useStickyEnd(box: { current: HTMLDivElement | null }, ...changes: unknown[]): void {
  const atEnd = useRef(true);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const look = () => {
      atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 80;
    };
    element.addEventListener('scroll', look, { passive: true });
    // Pictures open later and push the end down.
    const grown = new ResizeObserver(() => {
      if (atEnd.current) element.scrollTop = element.scrollHeight;
    });
    for (const child of element.children) grown.observe(child);
    return () => {
      element.removeEventListener('scroll', look);
      grown.disconnect();
    };
  }, [box]);
  useLayoutEffect(() => {
    if (box.current && atEnd.current && changes[0] !== 0) {
      box.current.scrollTop = box.current.scrollHeight;
    }
  }, changes);
}

/** Older messages come when the top comes near, and on request. */
function Older({
  live,
  box,
}: {
  live: LiveThread;
  box: { current: HTMLDivElement | null };
}): JSX.Element {
  const mark = useRef<HTMLDivElement>(null);
  const fetchOlder = async () => {
    const element = box.current;
    const before = element ? element.scrollHeight - element.scrollTop : 0;
    await live.older();
    requestAnimationFrame(() => {
      if (element) element.scrollTop = element.scrollHeight - before;
    });
  };
  useEffect(() => {
    const element = mark.current;
    if (!element) return;
    const watcher = new IntersectionObserver(
      ([entry]) => entry?.isIntersecting && void fetchOlder().catch(() => undefined),
      { root: box.current, rootMargin: '200px 0px 0px' },
    );
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  return (
    <div ref={mark} class="older">
      <Button onClick={() => fetchOlder()}>{t('Earlier messages')}</Button>
    </div>
  );
}

function quoteOf(
  message: MessageRow,
  messages: readonly MessageRow[],
  opened: ReadonlyMap<string, OpenedMessage>,
): { name: string; text: string } | null {
  const body = openedAs(opened, message)?.body;
  if (!body || isOpinion(body) || !body.reply_to) return null;
  const quoted = messages.find((other) => other.id === body.reply_to);
  const said = quoted && openedAs(opened, quoted)?.body;
  if (!quoted || !said) return { name: '', text: t('An earlier message') };
  return { name: quoted.author.name, text: isOpinion(said) ? said.conclusion : said.text };
}

const KIND_WORDS: Record<MessageKind, () => string> = {
  text: () => '',
  opinion: () => '',
  information_request: () => t('Asks for information'),
  information_answer: () => t('Answers the request for information'),
  refusal: () => t('Refuses the case'),
  cancellation: () => t('Cancels the request'),
  question: () => t('Asks a new question'),
};

interface TurnProps {
  row: CaseRow;
  message: MessageRow;
  opened: OpenedMessage | undefined;
  quoted: { name: string; text: string } | null;
  thread: Thread;
  replaced: boolean;
  place: Place;
  onOpen: ThreadViewProps['onOpen'];
  onReply: ThreadViewProps['onReply'];
}

function Turn(props: TurnProps): JSX.Element {
  const { row, message, opened, thread, replaced, place, onOpen } = props;
  const stored = (id: string) =>
    message.attachments.find((file) => file.id === id)?.stored ?? false;
  const files = opened?.attachments ?? [];
  if (isOpinion(opened?.body ?? null) && opened && opened.seal.state !== 'broken') {
    const opinion = opened.body as Parameters<typeof OpinionCard>[0]['opinion'];
    return (
      <OpinionCard
        row={row}
        message={message}
        opinion={opinion}
        seal={opened.seal}
        replaced={replaced}
      >
        <Files place={place} files={files} stored={stored} onOpen={onOpen} />
        {message.author.id === me.value?.id && (
          <Delivered row={row} message={message} thread={thread} />
        )}
      </OpinionCard>
    );
  }
  return <Bubble {...props} stored={stored} />;
}

function Bubble({
  row,
  message,
  opened,
  quoted,
  thread,
  place,
  stored,
  onOpen,
  onReply,
}: TurnProps & { stored: (id: string) => boolean }): JSX.Element {
  const own = message.author.id === me.value?.id;
  const body = opened?.seal.state === 'broken' ? null : ((opened?.body ?? null) as TextBody | null);
  const act = KIND_WORDS[message.kind]();
  return (
    <article class="bubble-line" data-own={own || undefined}>
      {!own && <Avatar name={message.author.name} />}
      <div
        class="bubble"
        data-kind={message.kind}
        data-waiting={message.sequence === null || undefined}
      >
        <p class="bubble-head">
          <span class="strong">{own ? t('You') : message.author.name}</span>
          {opened && (
            <SealSign
              seal={opened.seal}
              label={t('Seal checked: written by {name}', { name: message.author.name })}
            />
          )}
        </p>
        {act && <p class="bubble-act">{act}</p>}
        {quoted && (
          <blockquote class="quote">
            {quoted.name && <span class="strong">{quoted.name}</span>}
            <span>{quoted.text}</span>
          </blockquote>
        )}
        {!opened && <p class="quiet">{t('Opening…')}</p>}
        {body?.text && <Prose text={body.text} />}
        {opened && <SealProblem seal={opened.seal} row={row} message={message} />}
        {body && (
          <Files place={place} files={opened?.attachments ?? []} stored={stored} onOpen={onOpen} />
        )}
        <div class="bubble-foot">
          {own ? (
            <Delivered row={row} message={message} thread={thread} />
          ) : (
            <time class="quiet small tabular" dateTime={message.posted_at}>
              {clockTime(message.posted_at)}
            </time>
          )}
          {body && message.sequence !== null && (
            <button
              type="button"
              class="reply-button"
              aria-label={t('Reply to this message of {name}', { name: message.author.name })}
              onClick={() => onReply(message, body.text)}
            >
              <Icon name="reply" />
            </button>
          )}
        </div>
      </div>
    </article>
  );
}

/** What became of one's own message, in words; touching it names each reader and the hour. */
function Delivered({
  row,
  message,
  thread,
}: {
  row: CaseRow;
  message: MessageRow;
  thread: Thread;
}): JSX.Element {
  const { sequence } = message;
  if (sequence === null) return <Unsent row={row} message={message} />;
  const mine = me.value?.id;
  const others = Object.keys(thread.delivered).filter((account) => account !== mine);
  const readers = others.filter((account) => (thread.read[account] ?? 0) >= sequence);
  const receivers = others.filter(
    (account) => !readers.includes(account) && (thread.delivered[account] ?? 0) >= sequence,
  );
  const words = readers.length > 0 ? t('Read') : receivers.length > 0 ? t('Delivered') : t('Sent');
  return (
    <details class="receipts">
      <summary class="small quiet tabular">
        <time dateTime={message.posted_at}>{clockTime(message.posted_at)}</time>
        <span>· {words}</span>
      </summary>
      <ul class="small">
        {readers.map((account) => (
          <li key={account}>
            {thread.readAt[account]
              ? t('Read by {name}, {when}', {
                  name: nameOf(row, account),
                  when: dateAndTime(thread.readAt[account]),
                })
              : t('Read by {name}', { name: nameOf(row, account) })}
          </li>
        ))}
        {receivers.map((account) => (
          <li key={account}>{t('Delivered to {name}', { name: nameOf(row, account) })}</li>
        ))}
        {readers.length + receivers.length === 0 && (
          <li>{t('Safe on the server; nobody has opened it yet.')}</li>
        )}
      </ul>
    </details>
  );
}

function Unsent({ row, message }: { row: CaseRow; message: MessageRow }): JSX.Element {
  const job = waitingOf(row.id).find(
    (one) => one.id === message.id || (one.body['message'] as { id?: string })?.id === message.id,
  );
  if (!job) return <span class="small quiet">{t('Sending…')}</span>;
  const cancel = async () => {
    if (!(await postOffice().cancel(job.id))) toast(t('Too late: it is leaving right now.'));
  };
  return (
    <span class="row unsent small">
      <span>
        {job.state === 'refused'
          ? t('Not accepted: {why}', {
              why: job.problem?.detail || t('The server did not accept this.'),
            })
          : job.sending
            ? t('Sending…')
            : t('Waiting for the network')}
      </span>
      {job.state === 'refused' && (
        <Button kind="plain" onClick={() => tryAgain(job)}>
          {t('Try again')}
        </Button>
      )}
      {!job.sending && (
        <Button kind="plain" onClick={cancel}>
          {t('Take back')}
        </Button>
      )}
    </span>
  );
}

function Typing({ row, thread }: { row: CaseRow; thread: Thread }): JSX.Element {
  const names = typingNow(thread, Date.now()).map((account) => nameOf(row, account));
  return (
    <p class="typing small quiet" aria-live="polite">
      {names.length > 0 && t('{names} is writing…', { names: names.join(', ') })}
    </p>
  );
}
