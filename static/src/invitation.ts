import { type Bytes, fromBase64 } from './crypto/bytes.ts';

export interface Invitation {
  token: string;
  /** The network's root, to pin. */
  root: Bytes;
  /** The link lets somebody back who lost their keys, and invites nobody new. */
  returning?: true;
}

/** Token and pinned root out of the link's fragment, which no server has seen. */
export function readInvitation(hash: string): Invitation | null {
  const values = new URLSearchParams(hash);
  const token = values.get('token');
  const root = values.get('root');
  if (!token || !root) return null;
  const standard = root.replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/');
  try {
    return {
      token,
      root: fromBase64(standard.padEnd(Math.ceil(standard.length / 4) * 4, '='), 32),
      ...(values.get('return') === '1' ? { returning: true } : {}),
    };
  } catch {
    return null;
  }
}
