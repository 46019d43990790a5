/**
 * Broken seals in the words of the person who meets one: what cannot be believed and what was not
 * done because of it, in one sentence. What was checked exactly stands in the report to the
 * administrator.
 */
import {
  AuthorUnknown,
  ChainRefused,
  CircleFalsified,
  EncodingRefused,
  GhostMember,
  KdfRefused,
  KdfTooWeak,
  KeyChangeUnauthorised,
  KeyCommitmentWrong,
  KeySwapped,
  KeyUnchanged,
  LogForked,
  LogRefused,
  LogRolledBack,
  ManagerUnknown,
  MessageMisplaced,
  MessageWithheld,
  NetworkWrong,
  NotCertified,
  NotInLog,
  OpeningRefused,
  OutsideCareCircle,
  PayloadFieldsWrong,
  PayloadMalformed,
  PolicyWithheld,
  ProtocolError,
  PublicKeyRefused,
  RecoveryCodeMalformed,
  RecoveryCodeMistyped,
  RegistrarUnknown,
  RemovalNotDue,
  RemovalWithoutRotation,
  ShapeRefused,
  StatementMalformed,
  StatementRefused,
  StatementTooLarge,
  StatementTypeWrong,
  StatementWithheld,
  SubjectChanged,
  SuiteUnsupported,
  TooLong,
  WitnessMissing,
  WrapBroken,
} from '../crypto/errors.ts';
import { t } from '../i18n.ts';

export interface About {
  /** Whose or what: "Dr Blanc", "the message of Dr Blanc, 12:04", "case C-7F3K2". */
  name?: string | undefined;
}

type Sentence = (name: string) => string;

const changed: Sentence = (name) =>
  t('{name}: what arrived is not what its author sealed. It is not shown.', { name });

const malformed: Sentence = (name) =>
  t('{name}: what arrived is not written as any Cordée writes it. It was not used.', { name });

const unsigned: Sentence = (name) =>
  t('{name}: the signature is not that of the person it names. It is not shown.', { name });

const history: Sentence = (name) =>
  t('{name}: the signed history is not continuous. Nothing was sent.', { name });

const planted: Sentence = (name) =>
  t('{name}: the key received is not the one that was signed for. It was not used.', { name });

const elsewhere: Sentence = (name) =>
  t('{name}: this was signed for another person, group, case or network.', { name });

const log: Sentence = () =>
  t('The public log of keys is not signed as it must be. New keys are not trusted until it is.');

const miscopied: Sentence = () =>
  t('A letter or digit of the recovery code is wrong. Check it again.');

/** Each kind of error, or the nearest kind it is one of. */
const SENTENCES = new Map<unknown, Sentence>([
  [ProtocolError, changed],
  [EncodingRefused, malformed],
  [ShapeRefused, malformed],
  [OpeningRefused, changed],
  [
    WrapBroken,
    (name) => t('{name}: a key handed to you was not made for you. It was not used.', { name }),
  ],
  [KeyCommitmentWrong, planted],
  [TooLong, () => t('This is too long to be sealed. Nothing was sent.')],
  [PublicKeyRefused, planted],
  [
    SuiteUnsupported,
    (name) =>
      t(
        '{name}: keys of a newer kind than this browser can use. Nothing was sent; call your administrator.',
        { name },
      ),
  ],
  [StatementRefused, unsigned],
  [StatementMalformed, malformed],
  [StatementTooLarge, malformed],
  [PayloadMalformed, malformed],
  [PayloadFieldsWrong, malformed],
  [StatementTypeWrong, elsewhere],
  [ChainRefused, history],
  [SubjectChanged, elsewhere],
  [NetworkWrong, elsewhere],
  [
    NotCertified,
    (name) =>
      t('{name}: no administrator has vouched for these keys. Nothing was sent to them.', { name }),
  ],
  [
    RegistrarUnknown,
    () =>
      t('The signature is not that of an administrator whom the network names. It was not used.'),
  ],
  [
    ManagerUnknown,
    (name) =>
      t(
        '{name}: members were changed by somebody who does not manage it. Nothing was sent to it.',
        {
          name,
        },
      ),
  ],
  [
    KeyChangeUnauthorised,
    (name) =>
      t('{name}: neither the old key nor an administrator vouches for the new one.', { name }),
  ],
  [KeyUnchanged, planted],
  [KeySwapped, planted],
  [
    RemovalWithoutRotation,
    (name) =>
      t('{name}: a member was removed but could still read. Nothing was sent to it.', { name }),
  ],
  [
    OutsideCareCircle,
    (name) =>
      t('{name}: this comes from somebody who has no part in the case. It was not used.', { name }),
  ],
  [
    CircleFalsified,
    () =>
      t(
        'The server shows other readers of this case than those who were signed for. Do not write here.',
      ),
  ],
  [
    AuthorUnknown,
    (name) => t('{name}: nobody vouches for the author named. It is not shown.', { name }),
  ],
  [MessageWithheld, () => t('The server holds back a message that a colleague had already read.')],
  [
    MessageMisplaced,
    (name) =>
      t('{name}: shown twice or not in its place. Do not rely on the order here.', { name }),
  ],
  [
    RemovalNotDue,
    () => t('The server asks to remove a member whose time is not over. Nobody was removed.'),
  ],
  [
    GhostMember,
    (name) =>
      t(
        '{name}: the server wanted its key for somebody whom no manager named. None was given; your administrator is told.',
        { name },
      ),
  ],
  [LogRefused, log],
  [
    LogForked,
    () =>
      t(
        'The log of keys shows different people different things. Call your administrator before you go on.',
      ),
  ],
  [
    LogRolledBack,
    () => t('The log of keys has lost entries it had before. New keys are not trusted.'),
  ],
  [
    NotInLog,
    (name) =>
      t('{name}: the keys shown are not in the public log, perhaps shown to you alone.', { name }),
  ],
  [
    StatementWithheld,
    (name) => t('{name}: the server hides the newest keys or members. Nothing was sent.', { name }),
  ],
  [
    PolicyWithheld,
    () =>
      t(
        'The server hides the newest rules of the network, which say who can open a case. Nothing was sent.',
      ),
  ],
  [
    WitnessMissing,
    () => t('Too few witnesses vouch for the log of keys. New keys are not trusted until they do.'),
  ],
  [KdfRefused, () => t('The server asks to protect your password badly. It was not used.')],
  [KdfTooWeak, () => t('The server asks to protect your password too weakly. It was not used.')],
  [RecoveryCodeMalformed, miscopied],
  [RecoveryCodeMistyped, miscopied],
]);

/** What to tell the person of a seal that did not hold. */
export function verdictWords(error: unknown, { name }: About = {}): string {
  let kind: unknown = error instanceof Error ? error.constructor : ProtocolError;
  while (kind && !SENTENCES.has(kind)) kind = Object.getPrototypeOf(kind);
  const whose = error instanceof SuiteUnsupported ? error.whose : '';
  return (SENTENCES.get(kind) ?? changed)(whose || name || t('What was received'));
}
