import type { JSX } from 'preact';
import type { Feature } from '../crypto/features.ts';
import { t } from '../i18n.ts';
import { Banner, Gate } from '../ui/index.ts';

function lacking(feature: Feature): string {
  switch (feature) {
    case 'secure-context':
      return t('This page was not opened over a secure connection (https).');
    case 'indexeddb':
      return t('This browser keeps nothing on the device. Leave private browsing, then try again.');
    case 'workers':
    case 'webassembly':
    case 'webcrypto':
    case 'ed25519':
    case 'well-formed-strings':
      return t('This browser is too old to seal messages.');
  }
}

/** Said plainly and before anything is typed: with this browser nothing would be sealed. */
export function Unsupported({ missing }: { missing: readonly Feature[] }): JSX.Element {
  const reasons = [...new Set(missing.map(lacking))];
  return (
    <Gate title={t('This browser cannot open Cordée')}>
      <Banner tone="problem">
        {reasons.map((reason) => (
          <p key={reason}>{reason}</p>
        ))}
      </Banner>
      <p>{t('Cordée seals what you write on your own device. It works with:')}</p>
      <ul>
        <li>{t('Chrome or Edge 137 and later')}</li>
        <li>{t('Safari 17 and later (iPhone and Mac)')}</li>
        <li>{t('Firefox 129 and later')}</li>
      </ul>
      <p>{t('Update the browser or the device, or use another one. Your cases wait safely.')}</p>
    </Gate>
  );
}
