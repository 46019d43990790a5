import { render } from 'preact';
import { App } from './app.tsx';
import { missingFeatures } from './crypto/features.ts';
import { loadCatalogue } from './i18n.ts';
import { startRouter } from './router.ts';
import { watchIdle } from './state/idle.ts';
import { boot, watchSession } from './state/session.ts';
import { watchUpdates } from './state/updates.ts';

async function start(place: HTMLElement): Promise<void> {
  const [missing] = await Promise.all([missingFeatures(), loadCatalogue()]);
  if (missing.length > 0) {
    const { Unsupported } = await import('./pages/office.ts');
    place.replaceChildren();
    render(<Unsupported missing={missing} />, place);
    return;
  }
  startRouter();
  watchSession();
  watchIdle();
  await boot();
  // The shell's skeleton stays until there is something truer to show.
  place.replaceChildren();
  render(<App />, place);
  void watchUpdates();
}

const place = document.getElementById('app');
if (place) await start(place);
