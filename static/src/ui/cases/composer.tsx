import { type Signal, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../../i18n.ts';
import type { Manifest } from '../../photos/manifest.ts';
import type { Place } from '../../photos/sealing.ts';
import type { CaseRow, MessageKind, Step } from '../../state/case-types.ts';
import {
  dropDraft,
  loadDraft,
  type MessageDraft,
  messageDraftId,
  type Quoted,
  saveDraft,
} from '../../state/drafts.ts';
import type { LiveThread } from '../../state/messages.ts';
import type { Role } from '../../state/order.ts';
import { postMessage, takeStep, type Words } from '../../state/posting.ts';
import { stepWord } from '../../state/words.ts';
import { Button } from '../button.tsx';
import { Problems } from '../problems.tsx';
import {
  AttachedList,
  AttachFilesButton,
  CameraButton,
  useAttaching,
  useFilesOf,
} from './attach.tsx';
import { NotKept, useKeeping } from './keeping.tsx';

export type { Quoted };

/** A step whose words are being written instead of a plain message. */
export interface WordedStep {
  step: Step;
  kind: MessageKind;
  /** What the box asks for. */
  asks: string;
}

export const WORDED: Partial<Record<Step, () => WordedStep>> = {
  request_information: () => ({
    step: 'request_information',
    kind: 'information_request',
    asks: t('What do you need to know?'),
  }),
  answer_information: () => ({
    step: 'answer_information',
    kind: 'information_answer',
    asks: t('Your answer to the request for information'),
  }),
  refuse: () => ({
    step: 'refuse',
    kind: 'refusal',
    asks: t('Why do you refuse? The requester reads it.'),
  }),
  ask_again: () => ({ step: 'ask_again', kind: 'question', asks: t('Your new question') }),
};

function quickReplies(role: Role, step: Step | undefined): string[] {
  if (step === 'refuse') {
    return [
      t('This is outside my field: please ask another pool.'),
      t('The patient must be seen in person.'),
    ];
  }
  if (role === 'requester') {
    return [
      t('Thank you, I will do so.'),
      t('I will see the patient again tomorrow and tell you.'),
      t('The photo follows.'),
    ];
  }
  return [
    t('Could you send a closer photo, in daylight?'),
    t('Since when, and does it change?'),
    t('Which treatments have been tried?'),
  ];
}

interface ComposerProps {
  row: CaseRow;
  place: Place;
  live: LiveThread;
  role: Role;
  quoted: Signal<Quoted | null>;
  worded: Signal<WordedStep | null>;
  /** Focused by the keyboard shortcut and by replies. */
  box: { current: HTMLTextAreaElement | null };
}

const SAVE_AFTER = 400;
const TYPING_EVERY = 3_000;

/** Where one writes. What is written is kept, sealed, until it is sent or emptied. */
export function Composer({
  row,
  place,
  live,
  role,
  quoted,
  worded,
  box,
}: ComposerProps): JSX.Element {
  const text = useSignal('');
  const files = useSignal<Manifest[]>([]);
  const problem = useSignal<unknown>(null);
  const more = useSignal(false);
  const keeping = useKeeping();
  const draft = messageDraftId(row.id);
  const attaching = useAttaching(place, draft);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const saidTyping = useRef(0);
  const sending = useRef(false);

  useFilesOf(
    draft,
    () => files.value,
    (next) => {
      files.value = next;
      more.value = false;
      save();
    },
  );

  function save(): void {
    clearTimeout(timer.current);
    timer.current = setTimeout(keep, SAVE_AFTER);
  }

  function keep(): void {
    clearTimeout(timer.current);
    timer.current = undefined;
    const value: MessageDraft = {
      text: text.value,
      quoted: quoted.value,
      files: files.value,
    };
    const written = value.text || value.files.length > 0;
    void keeping.follow(written ? saveDraft(draft, value) : dropDraft(draft));
  }

  useEffect(() => {
    let here = true;
    void loadDraft<MessageDraft>(draft)
      .then((found) => {
        if (!here || !found || text.value) return;
        text.value = found.text;
        // One that has just been prepared may be here already.
        const fresh = files.value.filter(({ id }) => found.files.every((file) => file.id !== id));
        files.value = [...found.files, ...fresh];
        quoted.value ??= found.quoted ?? null;
      })
      .catch(() => undefined);
    const leave = () => {
      if (timer.current !== undefined || keeping.refused.value) keep();
    };
    addEventListener('pagehide', leave);
    return () => {
      here = false;
      leave();
      removeEventListener('pagehide', leave);
      live.typing(false);
    };
  }, [draft]);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    // Grows with its words; the content policy forbids a style attribute but not this.
    element.style.blockSize = 'auto';
    element.style.blockSize = `${Math.min(element.scrollHeight + 2, 240)}px`;
  }, [text.value, box]);

  const write = (value: string) => {
    text.value = value;
    save();
    const now = Date.now();
    if (value && now - saidTyping.current > TYPING_EVERY) {
      saidTyping.current = now;
      live.typing(true);
    }
  };

  const busy = attaching.preparing.value.length > 0;
  const empty = !text.value.trim() && (files.value.length === 0 || worded.value !== null);

  async function send(): Promise<void> {
    // A second touch comes before anything is drawn again.
    if (empty || busy || sending.current) return;
    sending.current = true;
    try {
      await post();
    } finally {
      sending.current = false;
    }
  }

  async function post(): Promise<void> {
    problem.value = null;
    const { rows } = live.thread.value;
    const words: Words = {
      id: crypto.randomUUID(),
      kind: worded.value?.kind ?? 'text',
      body: { text: text.value.trim(), ...(quoted.value ? { reply_to: quoted.value.id } : {}) },
      attachments: files.value,
      seen: rows.slice(-3).map((message) => message.id),
    };
    try {
      if (worded.value) await takeStep(row, worded.value.step, words, draft);
      else await postMessage(row, words, draft);
    } catch (error) {
      problem.value = error;
      return;
    }
    clearTimeout(timer.current);
    timer.current = undefined;
    keeping.refused.value = false;
    text.value = '';
    files.value = [];
    more.value = false;
    quoted.value = null;
    worded.value = null;
    saidTyping.current = 0;
    live.typing(false);
    box.current?.focus();
  }

  const label = worded.value?.asks ?? t('Your message');
  return (
    <form
      class="composer"
      aria-label={t('Write')}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <Problems error={problem.value} />
      <NotKept keeping={keeping} />
      {worded.value && (
        <p class="composer-note">
          <span class="strong">{stepWord(worded.value.step)}</span>
          <Button
            kind="plain"
            icon="close"
            label={t('Do not')}
            onClick={() => {
              worded.value = null;
            }}
          />
        </p>
      )}
      {quoted.value && (
        <div class="composer-note">
          <blockquote class="quote">
            <span class="strong">{quoted.value.name}</span>
            <span>{quoted.value.text}</span>
          </blockquote>
          <Button
            kind="plain"
            icon="close"
            label={t('Do not quote')}
            onClick={() => {
              quoted.value = null;
            }}
          />
        </div>
      )}
      <AttachedList
        place={place}
        files={files.value}
        attaching={attaching}
        onChange={(next) => {
          files.value = next;
          save();
        }}
      />
      {more.value && (
        <div class="quick">
          <AttachFilesButton attaching={attaching} />
          {quickReplies(role, worded.value?.step).map((words) => (
            <button
              key={words}
              type="button"
              class="chip"
              onClick={() => {
                write([text.value.trim(), words].filter(Boolean).join(' '));
                more.value = false;
                box.current?.focus();
              }}
            >
              {words}
            </button>
          ))}
        </div>
      )}
      <div class="composer-line">
        <Button
          icon="plus"
          label={t('Files and quick replies')}
          aria-expanded={more.value}
          onClick={() => {
            more.value = !more.value;
          }}
        />
        <CameraButton attaching={attaching} />
        <textarea
          ref={box}
          class="input"
          rows={1}
          aria-label={label}
          placeholder={label}
          value={text.value}
          maxLength={12_000}
          onInput={(event) => write(event.currentTarget.value)}
          onBlur={() => live.typing(false)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
              event.preventDefault();
              void send();
            }
          }}
        />
        <Button
          type="submit"
          kind="primary"
          icon="send"
          label={t('Send')}
          disabled={empty || busy}
        />
      </div>
    </form>
  );
}
