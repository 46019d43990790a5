import { type Bytes, concat, requireLength, sameBytes, sha256, utf8 } from './bytes.ts';
import { KeyCommitmentWrong } from './errors.ts';

/** SHA-256("cordee1 kc\0" ‖ key), signed with the case event that introduces the key. */
export async function keyCommitment(key: Bytes): Promise<Bytes> {
  requireLength(key, 32, 'key');
  return sha256(concat(utf8('cordee1 kc\0'), key));
}

/**
 * AES-GCM does not commit to its key: without this check a server could plant a second key under
 * which the same ciphertext reads differently.
 *
 * @throws KeyCommitmentWrong
 */
export async function requireCommitment(key: Bytes, signed: Bytes): Promise<void> {
  if (!sameBytes(await keyCommitment(key), signed)) {
    throw new KeyCommitmentWrong('the case key is not the one announced when it was made');
  }
}
