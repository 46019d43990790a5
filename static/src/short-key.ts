/** Stands for a msgid in the client's catalogue: FNV-1a, 32 bits. */
export function shortKey(msgid: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < msgid.length; i++) hash = Math.imul(hash ^ msgid.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(36);
}
