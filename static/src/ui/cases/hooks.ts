import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { FileFailure, openFile } from '../../photos/files.ts';
import type { Sealed } from '../../photos/manifest.ts';
import type { Place } from '../../photos/sealing.ts';

/** Wide enough for queue, conversation and facts side by side. */
export const threePanes = signal(false);

if (typeof matchMedia !== 'undefined') {
  const wide = matchMedia('(min-width: 1100px)');
  threePanes.value = wide.matches;
  wide.addEventListener('change', (event) => {
    threePanes.value = event.matches;
  });
}

/** An address for a blob, given back when it is no longer shown. */
export function useObjectUrl(blob: Blob | null): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!blob) {
      setUrl(null);
      return;
    }
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  return url;
}

export interface OpenedFile {
  blob: Blob | null;
  /** A code of `FileFailure`, or null. */
  failure: string | null;
  /** Share between 0 and 1. */
  done: number;
  retry(): void;
}

/** Open a sealed file once it is wanted. `version` changes when the server may have it meanwhile. */
export function useOpenedFile(
  place: Place | null,
  file: Sealed | null,
  wanted = true,
  version: unknown = null,
): OpenedFile {
  const [blob, setBlob] = useState<Blob | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [done, setDone] = useState(0);
  const [attempt, setAttempt] = useState(0);
  const id = file?.id;
  useEffect(() => {
    if (!place || !file || !wanted) return;
    let current = true;
    setFailure(null);
    openFile(place, file, (part, size) => current && setDone(size ? part / size : 1)).then(
      (opened) => current && setBlob(opened),
      (error) => current && setFailure(error instanceof FileFailure ? error.code : 'fault'),
    );
    return () => {
      current = false;
    };
  }, [place?.case, id, wanted, version, attempt]);
  return { blob, failure, done, retry: () => setAttempt((n) => n + 1) };
}

/** True once the element has come near the screen. */
export function useNear<E extends Element>(): [{ current: E | null }, boolean] {
  const element = useRef<E>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    const target = element.current;
    if (!target || near) return;
    const watcher = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) setNear(true);
      },
      { rootMargin: '400px' },
    );
    watcher.observe(target);
    return () => watcher.disconnect();
  }, [near]);
  return [element, near];
}
