/** States, delays and sizes in words. */
import { language, t, tn } from '../i18n.ts';
import type { CaseRow, CaseState, Step, Urgency } from './case-types.ts';
import type { Role } from './order.ts';

export function urgencyWord(urgency: Urgency): string {
  if (urgency === 'urgent') return t('Urgent');
  return urgency === 'priority' ? t('Priority') : t('Routine');
}

/** Has someone else than the requester's side opened the case? */
function seen(row: CaseRow): boolean {
  return Object.keys(row.read).some((account) => account !== row.opened_by.id);
}

/** A case's state as the person in this role would say it. */
export function stateWords(row: CaseRow, role: Role, waitsHere: boolean): string {
  if (waitsHere) return t('Waiting for the network');
  const expert = row.expert?.name ?? '';
  switch (row.state) {
    case 'submitted':
      if (role === 'expert') return t('To be taken');
      return seen(row) ? t('Seen') : t('Sent');
    case 'claimed':
      return t('Taken by {name}', { name: expert });
    case 'information_requested':
      return role === 'expert' ? t('Waiting for information') : t('Information requested');
    case 'answered':
      return role === 'expert' ? t('Information received') : t('Information sent');
    case 'opinion_given':
      return role === 'expert' ? t('Opinion given, not yet read') : t('Opinion given');
    case 'acknowledged':
      return t('Opinion read');
    case 'closed':
      return t('Closed');
    case 'refused':
      return t('Refused');
    case 'cancelled':
      return t('Cancelled');
  }
}

/** For colour and shape only; the words say it. */
export function stateTone(state: CaseState): 'calm' | 'asked' | 'done' | 'stopped' {
  if (state === 'information_requested' || state === 'opinion_given') return 'asked';
  if (state === 'acknowledged' || state === 'closed') return 'done';
  return state === 'refused' || state === 'cancelled' ? 'stopped' : 'calm';
}

const MINUTE = 60_000;

/** "8 minutes left", "22 minutes late": whole units, largest first, rounded to what one acts on. */
export function delayWords(due: string, now: number): { words: string; late: boolean } {
  const minutes = Math.round((Date.parse(due) - now) / MINUTE);
  const late = minutes < 0;
  const n = Math.abs(minutes);
  if (n < 120) {
    return {
      late,
      words: late
        ? tn('{n} minute late', '{n} minutes late', n)
        : tn('{n} minute left', '{n} minutes left', n),
    };
  }
  const hours = Math.round(n / 60);
  if (hours < 48) {
    return {
      late,
      words: late
        ? tn('{n} hour late', '{n} hours late', hours)
        : tn('{n} hour left', '{n} hours left', hours),
    };
  }
  const days = Math.round(hours / 24);
  return {
    late,
    words: late
      ? tn('{n} day late', '{n} days late', days)
      : tn('{n} day left', '{n} days left', days),
  };
}

/** A delay given in minutes: "4 hours", "2 days". */
export function durationWords(minutes: number): string {
  if (minutes < 120) return tn('{n} minute', '{n} minutes', minutes);
  const hours = Math.round(minutes / 60);
  if (hours < 48) return tn('{n} hour', '{n} hours', hours);
  return tn('{n} day', '{n} days', Math.round(hours / 24));
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** English as written here: days before months, hours to 24. */
const locale = () => (language() === 'en' ? 'en-GB' : language());

function format(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale()} ${name}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale(), options);
    formats.set(key, found);
  }
  return found;
}

export function clockTime(at: string | number): string {
  return format('time', { hour: '2-digit', minute: '2-digit' }).format(new Date(at));
}

export function dayWords(at: string | number): string {
  return format('day', { weekday: 'long', day: 'numeric', month: 'long' }).format(new Date(at));
}

export function dateWords(at: string | number): string {
  return format('date', { day: 'numeric', month: 'long', year: 'numeric' }).format(new Date(at));
}

/** Today the hour, before that the day. */
export function shortWhen(at: string, now: number): string {
  const then = new Date(at);
  if (then.toDateString() === new Date(now).toDateString()) return clockTime(at);
  return format('short', { day: 'numeric', month: 'short' }).format(then);
}

export function dateAndTime(at: string | number): string {
  return t('{date} at {time}', { date: dateWords(at), time: clockTime(at) });
}

/** A birth date, written without passing through a time zone. */
export function birthDateWords(date: string): string {
  const found = /^(\d{4})-(\d\d)-(\d\d)$/.exec(date);
  if (!found) return date;
  return format('birth', {
    dateStyle: 'long',
    timeZone: 'UTC',
  } as Intl.DateTimeFormatOptions).format(new Date(`${date}T00:00:00Z`));
}

export function sizeWords(bytes: number): string {
  const number = (value: number) =>
    new Intl.NumberFormat(locale(), { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
  if (bytes < 1000) return t('{n} bytes', { n: bytes });
  if (bytes < 1_000_000) return t('{n} kB', { n: number(bytes / 1000) });
  return t('{n} MB', { n: number(bytes / 1_000_000) });
}

/** What a button that takes this step says. */
export function stepWord(step: Step): string {
  const words: Record<Step, string> = {
    claim: t('Take this case'),
    release: t('Give it back to the pool'),
    request_information: t('Ask for information'),
    answer_information: t('Send the information'),
    give_opinion: t('Write the opinion'),
    amend_opinion: t('Amend the opinion'),
    acknowledge: t('I have read the opinion'),
    close: t('Close the case'),
    refuse: t('Refuse the case'),
    cancel: t('Cancel the request'),
    ask_again: t('Ask a new question'),
    give_second_opinion: t('Write a second opinion'),
    take_over: t('Take over from an absent colleague'),
  };
  return words[step];
}
