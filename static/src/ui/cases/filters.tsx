import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import type { Urgency } from '../../state/case-types.ts';
import { filter } from '../../state/cases.ts';
import { openPools } from '../../state/groups.ts';
import { urgencyWord } from '../../state/words.ts';
import { Icon } from '../icon.tsx';

const URGENCIES: Urgency[] = ['urgent', 'priority', 'routine'];

/** Search and filters work on what is decrypted here; nothing of it is sent. */
export function Filters(): JSX.Element {
  const open = useSignal(false);
  const { pool, urgency, search } = filter.value;
  const pools = openPools().filter((one) => one.mine);
  const narrowed = Boolean(pool || urgency);
  return (
    <div class="filters">
      <div class="search">
        <Icon name="search" />
        <input
          class="input"
          type="search"
          aria-label={t('Search in my cases')}
          placeholder={t('Name, question, number')}
          value={search}
          onInput={(event) => {
            filter.value = { ...filter.value, search: event.currentTarget.value };
          }}
        />
        <button
          type="button"
          class="filter-toggle"
          aria-expanded={open.value}
          aria-label={narrowed ? t('Filters, some are set') : t('Filters')}
          data-set={narrowed || undefined}
          onClick={() => {
            open.value = !open.value;
          }}
        >
          <Icon name="filter" />
        </button>
      </div>
      {open.value && (
        <div class="filter-fields">
          {pools.length > 1 && (
            <select
              class="input"
              aria-label={t('Pool')}
              value={pool}
              onChange={(event) => {
                filter.value = { ...filter.value, pool: event.currentTarget.value };
              }}
            >
              <option value="">{t('All pools')}</option>
              {pools.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name}
                </option>
              ))}
            </select>
          )}
          <select
            class="input"
            aria-label={t('Urgency')}
            value={urgency}
            onChange={(event) => {
              filter.value = {
                ...filter.value,
                urgency: event.currentTarget.value as Urgency | '',
              };
            }}
          >
            <option value="">{t('Every urgency')}</option>
            {URGENCIES.map((one) => (
              <option key={one} value={one}>
                {urgencyWord(one)}
              </option>
            ))}
          </select>
        </div>
      )}
    </div>
  );
}
