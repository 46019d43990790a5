import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../../i18n.ts';
import { isPicture, type Manifest } from '../../photos/manifest.ts';
import type { Place } from '../../photos/sealing.ts';
import { sizeWords } from '../../state/words.ts';
import { Button } from '../button.tsx';
import { useObjectUrl, useOpenedFile } from './hooks.ts';
import { failureWords, saveBlob, saveFile } from './picture.tsx';
import { FITTED, fittedSize, held, turn, type View, zoomAt } from './view.ts';

/** Above this the full picture is fetched only when asked: a line on the mountain is narrow. */
const ASK_ABOVE = 4 * 1024 * 1024;
const SWIPE = 60;

interface ViewerProps {
  place: Place;
  files: readonly Manifest[];
  start: number;
  onClose: () => void;
}

/** Photos across the whole screen: preview first, the full picture when it is here. */
export function PhotoViewer({ place, files, start, onClose }: ViewerProps): JSX.Element | null {
  const dialog = useRef<HTMLDialogElement>(null);
  const index = useSignal(start);
  const view = useSignal<View>(FITTED);
  const brightness = useSignal(100);
  const asked = useSignal(false);
  const file = files[index.value];

  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  if (!file) return null;

  const go = (step: number) => {
    const next = index.value + step;
    if (next < 0 || next >= files.length) return;
    index.value = next;
    view.value = FITTED;
    brightness.value = 100;
    asked.value = false;
  };
  const zoom = (factor: number) => {
    view.value = zoomAt(view.value, factor, 0, 0);
  };

  const keys: Record<string, () => void> = {
    ArrowLeft: () => go(-1),
    ArrowRight: () => go(1),
    '+': () => zoom(1.4),
    '=': () => zoom(1.4),
    '-': () => zoom(1 / 1.4),
    '0': () => {
      view.value = FITTED;
    },
    r: () => {
      view.value = turn(view.value);
    },
  };
  const press = (event: KeyboardEvent) => {
    const slides = event.target instanceof HTMLInputElement && event.key.startsWith('Arrow');
    const act = keys[event.key];
    if (!act || slides || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };

  return (
    <dialog
      ref={dialog}
      class="viewer"
      aria-label={t('Photo {index} of {total}', { index: index.value + 1, total: files.length })}
      onClose={onClose}
      onKeyDown={press}
    >
      <Stage
        key={file.id}
        place={place}
        file={file}
        view={view}
        brightness={brightness.value}
        full={asked.value || file.size <= ASK_ABOVE}
        onAsk={() => {
          asked.value = true;
        }}
        onSwipe={go}
      />
      <div class="viewer-top">
        <span class="viewer-count tabular">
          {t('{index} of {total}', { index: index.value + 1, total: files.length })}
        </span>
        {file.caption && <span class="viewer-caption">{file.caption}</span>}
        <Button icon="close" label={t('Close')} onClick={() => dialog.current?.close()} />
      </div>
      <div class="viewer-tools">
        <Button
          icon="back"
          label={t('Previous photo')}
          disabled={index.value === 0}
          onClick={() => go(-1)}
        />
        <Button
          label={t('Rotate')}
          icon="refresh"
          onClick={() => {
            view.value = turn(view.value);
          }}
        />
        <Button label={t('Zoom out')} onClick={() => zoom(1 / 1.4)}>
          −
        </Button>
        <Button label={t('Zoom in')} onClick={() => zoom(1.4)}>
          +
        </Button>
        <label class="viewer-light">
          <span>{t('Brightness')}</span>
          <input
            type="range"
            min="40"
            max="250"
            step="5"
            value={brightness.value}
            onInput={(event) => {
              brightness.value = Number(event.currentTarget.value);
            }}
          />
        </label>
        <Button
          icon="forward"
          label={t('Next photo')}
          disabled={index.value === files.length - 1}
          onClick={() => go(1)}
        />
      </div>
    </dialog>
  );
}

interface StageProps {
  place: Place;
  file: Manifest;
  view: { value: View };
  brightness: number;
  full: boolean;
  onAsk: () => void;
  onSwipe: (step: number) => void;
}

function Stage({ place, file, view, brightness, full, onAsk, onSwipe }: StageProps): JSX.Element {
  const stage = useRef<HTMLDivElement>(null);
  const image = useRef<HTMLImageElement>(null);
  // A radiograph's file is no picture a browser shows: its preview is.
  const shows = isPicture(file);
  const preview = useOpenedFile(place, file.preview ?? null);
  const whole = useOpenedFile(place, file, full && shows);
  const url = useObjectUrl(whole.blob ?? preview.blob);
  const current = view.value;

  useLayoutEffect(() => {
    const box = stage.current;
    const shown = image.current;
    if (!box || !shown) return;
    const screen = { width: box.clientWidth, height: box.clientHeight };
    const picture = {
      width: file.width ?? shown.naturalWidth ?? 1,
      height: file.height ?? shown.naturalHeight ?? 1,
    };
    const size = fittedSize(picture, screen, current.turns);
    const { x, y, zoom, turns } = held(current, size, screen);
    // Through the object model, which the content policy allows; a style attribute it does not.
    shown.style.inlineSize = `${size.width}px`;
    shown.style.blockSize = `${size.height}px`;
    shown.style.transform = `translate(${x}px, ${y}px) rotate(${turns * 90}deg) scale(${zoom})`;
    shown.style.filter = brightness === 100 ? '' : `brightness(${brightness}%)`;
  });

  useGestures(stage, image, view, file, onSwipe);

  const failure = whole.failure ?? (full && shows ? null : preview.failure);
  return (
    <div ref={stage} class="viewer-stage">
      {url && <img ref={image} src={url} alt={file.caption || t('Photo')} draggable={false} />}
      <p class="viewer-note" role="status">
        {failure ? (
          <Button onClick={whole.failure ? whole.retry : preview.retry}>
            {failureWords(failure)}
          </Button>
        ) : !shows ? (
          <Button icon="download" onClick={() => saveFile(place, file)}>
            {`${t('Save')} (${sizeWords(file.size)})`}
          </Button>
        ) : !full ? (
          <Button onClick={onAsk}>
            {t('Open full size ({size})', { size: sizeWords(file.size) })}
          </Button>
        ) : whole.blob ? (
          <Button
            icon="download"
            label={t('Save this photo')}
            onClick={() => whole.blob && saveBlob(whole.blob, file.name)}
          />
        ) : (
          t('Opening… {percent} %', { percent: Math.floor(whole.done * 100) })
        )}
      </p>
    </div>
  );
}

/** Wheel, pinch, drag, double tap and swipe, from pointer events alone. */
function useGestures(
  stage: { current: HTMLDivElement | null },
  image: { current: HTMLImageElement | null },
  view: { value: View },
  file: Manifest,
  onSwipe: (step: number) => void,
): void {
  useEffect(() => {
    const box = stage.current;
    if (!box) return;
    const fingers = new Map<number, { x: number; y: number }>();
    let begun = { x: 0, y: 0 };
    let lastTap = 0;

    const fromMiddle = (x: number, y: number): [number, number] => {
      const area = box.getBoundingClientRect();
      return [x - area.left - area.width / 2, y - area.top - area.height / 2];
    };
    const settle = (next: View) => {
      const screen = { width: box.clientWidth, height: box.clientHeight };
      const shown = image.current;
      const picture = {
        width: file.width ?? shown?.naturalWidth ?? 1,
        height: file.height ?? shown?.naturalHeight ?? 1,
      };
      view.value = held(next, fittedSize(picture, screen, next.turns), screen);
    };
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const [x, y] = fromMiddle(event.clientX, event.clientY);
      settle(zoomAt(view.value, Math.exp(-event.deltaY / 400), x, y));
    };
    const down = (event: PointerEvent) => {
      if (event.target instanceof Element && event.target.closest('button')) return;
      box.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      begun = { x: event.clientX, y: event.clientY };
    };
    const move = (event: PointerEvent) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      const after = { x: event.clientX, y: event.clientY };
      const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        const apart = (finger: { x: number; y: number }) =>
          Math.hypot(finger.x - other.x, finger.y - other.y) || 1;
        const [x, y] = fromMiddle((after.x + other.x) / 2, (after.y + other.y) / 2);
        settle(zoomAt(view.value, apart(after) / apart(before), x, y));
      } else if (view.value.zoom > 1) {
        const { x, y } = view.value;
        settle({ ...view.value, x: x + after.x - before.x, y: y + after.y - before.y });
      }
      fingers.set(event.pointerId, after);
    };
    const up = (event: PointerEvent) => {
      const alone = fingers.size === 1;
      if (!fingers.delete(event.pointerId) || !alone || event.type === 'pointercancel') return;
      const dx = event.clientX - begun.x;
      const dy = event.clientY - begun.y;
      if (view.value.zoom === 1 && Math.abs(dx) > SWIPE && Math.abs(dx) > 2 * Math.abs(dy)) {
        onSwipe(dx < 0 ? 1 : -1);
        return;
      }
      if (Math.hypot(dx, dy) > 8) return;
      const [x, y] = fromMiddle(event.clientX, event.clientY);
      const now = event.timeStamp;
      if (now - lastTap < 320) {
        const { zoom, turns } = view.value;
        settle(zoom > 1 ? { ...FITTED, turns } : zoomAt(view.value, 2.5, x, y));
        lastTap = 0;
      } else lastTap = now;
    };
    box.addEventListener('wheel', wheel, { passive: false });
    box.addEventListener('pointerdown', down);
    box.addEventListener('pointermove', move);
    box.addEventListener('pointerup', up);
    box.addEventListener('pointercancel', up);
    return () => {
      box.removeEventListener('wheel', wheel);
      box.removeEventListener('pointerdown', down);
      box.removeEventListener('pointermove', move);
      box.removeEventListener('pointerup', up);
      box.removeEventListener('pointercancel', up);
    };
  }, [file.id]);
}
