import { type Signal, signal, useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { t } from '../../i18n.ts';
import { attachFile, FileFailure } from '../../photos/files.ts';
import type { Manifest } from '../../photos/manifest.ts';
import type { Place } from '../../photos/sealing.ts';
import { dropFiles, putInDraft, takeFilesOf } from '../../state/drafts.ts';
import { network } from '../../state/session.ts';
import { sizeWords } from '../../state/words.ts';
import { Button } from '../button.tsx';
import { Banner, Progress } from '../feedback.tsx';
import { Checkbox } from '../field.tsx';
import { Icon } from '../icon.tsx';
import { undoable } from '../toast.tsx';
import { useObjectUrl, useOpenedFile } from './hooks.ts';
import { parted } from './picture.tsx';

interface Preparing {
  id: number;
  name: string;
  share: number;
}

export interface Attaching {
  /** Files being cleaned and sealed right now. */
  preparing: Signal<readonly Preparing[]>;
  /** What could not be attached, in words. */
  refusals: Signal<readonly string[]>;
  keepSize: Signal<boolean>;
  add(files: Iterable<File>, replacing?: string): Promise<void>;
}

let last = 0;

/** Files of this page being cleaned and sealed: nothing that should carry them may leave before. */
export const filesUnderway = signal(0);

function refusalWords(file: File, error: unknown): string {
  const code = error instanceof FileFailure ? error.code : 'fault';
  if (code === 'unreadable_picture') {
    return t(
      '{name} is a picture this browser cannot read. Take it again here, or choose a JPEG.',
      {
        name: file.name,
      },
    );
  }
  return t('{name} could not be prepared. Free some space on this device and try again.', {
    name: file.name,
  });
}

/** Clean and seal files for a draft, one after the other; order as chosen. */
export function useAttaching(place: Place, draft: string): Attaching {
  const preparing = useSignal<readonly Preparing[]>([]);
  const refusals = useSignal<readonly string[]>([]);
  const keepSize = useSignal(false);
  const queue = useRef<Promise<void>>(Promise.resolve());

  async function one(file: File, replacing?: string): Promise<void> {
    const id = ++last;
    const limit = network.value?.limits.attachment_bytes;
    if (limit !== undefined && file.size > limit) {
      const words = { name: file.name, size: sizeWords(limit) };
      refusals.value = [...refusals.value, t('{name} is larger than {size}.', words)];
      return;
    }
    preparing.value = [...preparing.value, { id, name: file.name, share: 0 }];
    filesUnderway.value += 1;
    try {
      const manifest = await attachFile(place, file, keepSize.value, (done, size) => {
        const share = size ? done / size : 1;
        preparing.value = preparing.value.map((one) => (one.id === id ? { ...one, share } : one));
      });
      await putInDraft(draft, manifest, replacing);
    } catch (error) {
      refusals.value = [...refusals.value, refusalWords(file, error)];
    } finally {
      preparing.value = preparing.value.filter((one) => one.id !== id);
      filesUnderway.value -= 1;
    }
  }

  return {
    preparing,
    refusals,
    keepSize,
    add(chosen, replacing) {
      refusals.value = [];
      for (const file of chosen) queue.current = queue.current.then(() => one(file, replacing));
      return queue.current;
    },
  };
}

/** While this page shows the draft, collect into `files` what was prepared for it. */
export function useFilesOf(
  draft: string,
  files: () => readonly Manifest[],
  onChange: (files: Manifest[]) => void,
): void {
  useEffect(
    () =>
      takeFilesOf(draft, (file, replacing) => {
        const next = [...files()];
        const at = next.findIndex((other) => other.id === replacing);
        if (at >= 0) {
          const [old] = next.splice(at, 1, file);
          if (old) void dropFiles([old]);
        } else next.push(file);
        onChange(next);
      }),
    [draft],
  );
}

/** Camera and file buttons. Photos taken here never enter the phone's gallery. */
export function AttachButtons({ attaching }: { attaching: Attaching }): JSX.Element {
  return (
    <div class="row">
      <CameraButton attaching={attaching} words />
      <AttachFilesButton attaching={attaching} />
    </div>
  );
}

export function CameraButton({
  attaching,
  words = false,
}: {
  attaching: Attaching;
  words?: boolean;
}): JSX.Element {
  return (
    <PickButton
      attaching={attaching}
      icon="camera"
      words={t('Take a photo')}
      accept="image/*"
      camera
      compact={!words}
    />
  );
}

export function AttachFilesButton({ attaching }: { attaching: Attaching }): JSX.Element {
  return (
    <PickButton attaching={attaching} icon="attach" words={t('Choose files')} compact={false} />
  );
}

function PickButton({
  attaching,
  icon,
  words,
  accept,
  camera = false,
  compact,
  replacing,
}: {
  attaching: Attaching;
  icon: 'camera' | 'attach';
  words: string;
  accept?: string;
  camera?: boolean;
  compact: boolean;
  replacing?: string;
}): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  return (
    <>
      <input
        ref={input}
        id={id}
        class="visually-hidden"
        type="file"
        tabIndex={-1}
        aria-hidden="true"
        aria-label={words}
        accept={accept}
        capture={camera ? 'environment' : undefined}
        multiple={!replacing}
        onChange={(event) => {
          const chosen = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = '';
          void attaching.add(chosen, replacing);
        }}
      />
      <Button
        icon={icon}
        {...(compact ? { label: words } : {})}
        onClick={() => input.current?.click()}
      >
        {compact ? undefined : words}
      </Button>
    </>
  );
}

/** The chosen files: reorder, caption, retake, remove. */
export function AttachedList({
  place,
  files,
  attaching,
  onChange,
  captions = true,
}: {
  place: Place;
  files: readonly Manifest[];
  attaching: Attaching;
  onChange: (files: Manifest[]) => void;
  captions?: boolean;
}): JSX.Element {
  const move = (index: number, step: number) => {
    const next = [...files];
    const [moved] = next.splice(index, 1);
    if (moved) next.splice(index + step, 0, moved);
    onChange(next);
  };
  const remove = (file: Manifest) => {
    const without = files.filter((other) => other.id !== file.id);
    onChange(without);
    undoable(t('Removed'), () => dropFiles([file]), { back: () => onChange([...files]) });
  };
  return (
    <>
      {files.length > 0 && (
        <ul class="attached">
          {files.map((file, index) => (
            <AttachedFile
              key={file.id}
              place={place}
              file={file}
              captions={captions}
              attaching={attaching}
              position={t('{index} of {total}', { index: index + 1, total: files.length })}
              onMove={{
                earlier: index > 0 ? () => move(index, -1) : null,
                later: index < files.length - 1 ? () => move(index, 1) : null,
              }}
              onCaption={(caption) =>
                onChange(
                  files.map((other) => (other.id === file.id ? { ...other, caption } : other)),
                )
              }
              onRemove={() => remove(file)}
            />
          ))}
        </ul>
      )}
      {attaching.preparing.value.map(({ id, name, share }) => (
        <Progress key={id} label={t('Preparing {name}', { name })} value={share} />
      ))}
      {attaching.refusals.value.map((words) => (
        <Banner key={words} tone="problem">
          {words}
        </Banner>
      ))}
    </>
  );
}

function AttachedFile({
  place,
  file,
  captions,
  attaching,
  position,
  onMove,
  onCaption,
  onRemove,
}: {
  place: Place;
  file: Manifest;
  captions: boolean;
  attaching: Attaching;
  position: string;
  onMove: { earlier: (() => void) | null; later: (() => void) | null };
  onCaption: (caption: string) => void;
  onRemove: () => void;
}): JSX.Element {
  const picture = parted([file]).pictures.length > 0;
  const { blob } = useOpenedFile(place, file.preview ?? null);
  const url = useObjectUrl(blob);
  return (
    <li class="attached-file">
      <div class="attached-picture">
        {url ? <img src={url} alt={t('Photo {position}', { position })} /> : <Icon name="file" />}
      </div>
      <div class="attached-text">
        {captions && picture ? (
          <input
            class="input"
            aria-label={t('Caption of photo {position}', { position })}
            placeholder={t('Caption, such as “left forearm”')}
            maxLength={500}
            value={file.caption ?? ''}
            onInput={(event) => onCaption(event.currentTarget.value)}
          />
        ) : (
          <span class="file-name">{file.name}</span>
        )}
        <span class="row attached-tools">
          <span class="quiet small tabular">{sizeWords(file.size)}</span>
          {onMove.earlier && (
            <Button kind="plain" icon="back" label={t('Move earlier')} onClick={onMove.earlier} />
          )}
          {onMove.later && (
            <Button kind="plain" icon="forward" label={t('Move later')} onClick={onMove.later} />
          )}
          {picture && captions && (
            <PickButton
              attaching={attaching}
              icon="camera"
              words={t('Take it again')}
              accept="image/*"
              camera
              compact
              replacing={file.id}
            />
          )}
          <Button kind="plain" icon="trash" label={t('Remove')} onClick={onRemove} />
        </span>
      </div>
    </li>
  );
}

/** Photos are reduced unless every pixel counts. */
export function KeepSize({ attaching }: { attaching: Attaching }): JSX.Element {
  return (
    <Checkbox
      label={t('Keep photos at full size')}
      hint={t('Slower to send. Position and camera data are removed either way.')}
      checked={attaching.keepSize.value}
      onChange={(checked) => {
        attaching.keepSize.value = checked;
      }}
    />
  );
}
