import { render } from 'preact';
import { loadCatalogue, t } from './i18n.ts';

const place = document.getElementById('app');

if (place) {
  await loadCatalogue();
  render(<p>{t('Cordée')}</p>, place);
}
