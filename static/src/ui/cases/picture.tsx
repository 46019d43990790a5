import type { JSX } from 'preact';
import { t } from '../../i18n.ts';
import { FileFailure, openFile } from '../../photos/files.ts';
import { isPicture, type Manifest } from '../../photos/manifest.ts';
import type { Place } from '../../photos/sealing.ts';
import { uploadShare } from '../../state/outbox.ts';
import { sizeWords } from '../../state/words.ts';
import { Icon } from '../icon.tsx';
import { toast } from '../toast.tsx';
import { useNear, useObjectUrl, useOpenedFile } from './hooks.ts';

/** Why a file is not shown, in words. */
export function failureWords(code: string): string {
  if (code === 'not_stored') return t('Still on its way from the sender');
  if (code === 'line_down') return t('No network: touch to try again');
  if (code === 'broken_seal') return t('Broken seal: this is not the file that was sent');
  return t('Cannot be opened: touch to try again');
}

/** How far a file of ours has left this device, in words; null once it is there. */
export function leavingWords(id: string): string | null {
  const share = uploadShare(id);
  if (share === null) return null;
  if (share === 0) return t('Waiting to be sent');
  return t('Sent: {percent} %', { percent: Math.floor(share * 100) });
}

interface PictureProps {
  place: Place;
  file: Manifest;
  /** Whether the server has the preview, as far as is known: asked again when it changes. */
  stored: boolean;
  index: number;
  total: number;
  onOpen: () => void;
}

/** A photo's preview; touching it opens the viewer. */
export function PictureThumb({
  place,
  file,
  stored,
  index,
  total,
  onOpen,
}: PictureProps): JSX.Element {
  const [element, near] = useNear<HTMLButtonElement>();
  const shown = file.preview ?? file;
  const leaving = leavingWords(file.id);
  // Nobody has it yet but the sender: asking the server would only cost the line.
  const here = stored || leaving !== null;
  const { blob, failure: failed, retry } = useOpenedFile(place, shown, near && here, stored);
  const failure = here || blob ? failed : 'not_stored';
  const url = useObjectUrl(blob);
  const name = t('Photo {index} of {total}', { index: index + 1, total });
  return (
    <button
      ref={element}
      type="button"
      class="thumb"
      data-broken={failure === 'broken_seal' || undefined}
      aria-label={[name, file.caption, leaving, failure && failureWords(failure)]
        .filter(Boolean)
        .join(', ')}
      onClick={() => (failed && failed !== 'broken_seal' ? retry() : onOpen())}
    >
      {url ? (
        <img src={url} alt="" width={shown.width ?? undefined} height={shown.height ?? undefined} />
      ) : (
        <span class="thumb-empty">
          <Icon name={failure ? 'warning' : 'photo'} />
          {failure && <span>{failureWords(failure)}</span>}
        </span>
      )}
      {leaving && <span class="thumb-note">{leaving}</span>}
      {file.caption && <span class="thumb-caption">{file.caption}</span>}
    </button>
  );
}

/** Pictures side by side; each opens the viewer at its place. */
export function Pictures({
  place,
  files,
  stored,
  onOpen,
}: {
  place: Place;
  files: readonly Manifest[];
  stored: (id: string) => boolean;
  onOpen: (index: number) => void;
}): JSX.Element | null {
  if (files.length === 0) return null;
  return (
    <div class="thumbs">
      {files.map((file, index) => (
        <PictureThumb
          key={file.id}
          place={place}
          file={file}
          stored={stored((file.preview ?? file).id)}
          index={index}
          total={files.length}
          onOpen={() => onOpen(index)}
        />
      ))}
    </div>
  );
}

/** Any other file: its name, size, and a way to save it, opened only when asked. */
export function FileLine({ place, file }: { place: Place; file: Manifest }): JSX.Element {
  const leaving = leavingWords(file.id);
  return (
    <button type="button" class="file-line" onClick={() => void saveFile(place, file)}>
      <Icon name="file" />
      <span class="grow">
        <span class="file-name">{file.name}</span>
        <span class="quiet small">{leaving ?? sizeWords(file.size)}</span>
      </span>
      <Icon name="download" label={t('Save')} />
    </button>
  );
}

/** Open a file and hand it over; a failure is said, not thrown. */
export async function saveFile(place: Place, file: Manifest): Promise<void> {
  try {
    saveBlob(await openFile(place, file), file.name);
  } catch (error) {
    if (!(error instanceof FileFailure)) throw error;
    toast(failureWords(error.code));
  }
}

/** Hand a decrypted file to the person: the one way plaintext leaves the page, at their wish. */
export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Photos to the viewer, everything else to the list. */
export function parted(files: readonly Manifest[]): { pictures: Manifest[]; others: Manifest[] } {
  const pictures = files.filter((file) => file.preview || isPicture(file));
  return { pictures, others: files.filter((file) => !pictures.includes(file)) };
}
