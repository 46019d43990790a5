import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import { Link } from '../../router.ts';
import { patientName } from '../../state/bodies.ts';
import { minute } from '../../state/cases.ts';
import {
  type CaseDraft,
  caseDrafts,
  dropCaseDraft,
  hideCaseDraft,
  loadCaseDrafts,
} from '../../state/drafts.ts';
import { findGroup } from '../../state/groups.ts';
import { shortWhen } from '../../state/words.ts';
import { Button } from '../button.tsx';
import { undoable } from '../toast.tsx';

/** New cases begun here and not sent. */
export function Drafts(): JSX.Element | null {
  const drafts = caseDrafts.value;
  if (drafts.length === 0) return null;
  const remove = (draft: CaseDraft) => {
    hideCaseDraft(draft.id);
    undoable(t('Draft deleted'), () => dropCaseDraft(draft), { back: loadCaseDrafts });
  };
  return (
    <section aria-label={t('Drafts')}>
      <h2 class="queue-title">{t('Drafts')}</h2>
      <ul class="case-list">
        {drafts.map((draft) => (
          <li key={draft.id} class="draft-item">
            <Link class="case-item" to={`/new/${draft.id}`}>
              <span class="case-item-name">{draftName(draft)}</span>
              <span class="case-item-foot">
                <span class="state" data-tone="waits">
                  {t('Not sent')}
                </span>
                <span class="quiet">
                  {shortWhen(new Date(draft.savedAt).toISOString(), minute.value)}
                </span>
              </span>
            </Link>
            <Button
              kind="plain"
              icon="trash"
              label={t('Delete the draft {name}', { name: draftName(draft) })}
              onClick={() => remove(draft)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

function draftName(draft: CaseDraft): string {
  const name = patientName(draft.patient);
  const pool = draft.pool ? findGroup(draft.pool)?.name : undefined;
  const named = name === '—' ? t('Unnamed patient') : name;
  return pool ? `${named} · ${pool}` : named;
}
