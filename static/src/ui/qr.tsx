import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';

/** A QR code as one SVG path, always dark on white: cameras do not read inverted ones well. */
export function QrCode({ text, label }: { text: string; label: string }): JSX.Element | null {
  const drawn = useSignal<{ size: number; path: string } | null>(null);
  useEffect(() => {
    let current = true;
    import('lean-qr/nano').then(({ generate }) => {
      if (!current) return;
      const code = generate(text);
      let path = '';
      for (let y = 0; y < code.size; y++) {
        for (let x = 0; x < code.size; x++) if (code.get(x, y)) path += `M${x} ${y}h1v1h-1z`;
      }
      drawn.value = { size: code.size, path };
    });
    return () => {
      current = false;
    };
  }, [text, drawn]);
  if (!drawn.value) return <div class="qr" />;
  const { size, path } = drawn.value;
  return (
    <svg class="qr" viewBox={`-3 -3 ${size + 6} ${size + 6}`} role="img" aria-label={label}>
      <path d={path} />
    </svg>
  );
}
