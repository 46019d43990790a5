/**
 * A group has one random secret per epoch, R_e, granted to each member. Its KEM seed and the key of
 * its chain are derived from R_e: who holds today's secret reads the past, and who left reads
 * nothing new.
 */
import { type Bytes, hkdf, requireLength, sameBytes } from './bytes.ts';
import { groupPrevContext } from './contexts.ts';
import { KeySwapped } from './errors.ts';
import { kemPublic } from './hpke.ts';
import { seal, unseal } from './stream.ts';
import { requireSupported } from './suites.ts';

export async function groupKemSeed(secret: Bytes): Promise<Bytes> {
  requireLength(secret, 32, 'group secret');
  return hkdf(secret, 'cordee1 group kem');
}

export async function groupChainKey(secret: Bytes): Promise<Bytes> {
  requireLength(secret, 32, 'group secret');
  return hkdf(secret, 'cordee1 group chain');
}

/** Public key that a group's statement announces for this epoch. */
export async function groupKemPublic(secret: Bytes): Promise<Bytes> {
  return kemPublic(await groupKemSeed(secret));
}

/**
 * A granted secret is worth nothing until the key derived from it is the signed one: otherwise a
 * server could plant a group key that it knows.
 *
 * @throws KeySwapped, SuiteUnsupported
 */
export async function requireGroupSecret(secret: Bytes, signedKemKey: Bytes): Promise<void> {
  requireSupported(signedKemKey);
  if (!sameBytes(await groupKemPublic(secret), signedKemKey)) {
    throw new KeySwapped('the granted group key is not the signed one');
  }
}

/** R_{epoch−1} for whoever holds R_epoch: so a newcomer reads the past. */
export async function sealPreviousGroupSecret(
  net: string,
  group: string,
  epoch: number,
  secret: Bytes,
  previous: Bytes,
): Promise<Bytes> {
  requireLength(previous, 32, 'group secret');
  return seal(await groupChainKey(secret), groupPrevContext(net, group, epoch), previous);
}

/** Open R_{epoch−1} with R_epoch; then compare it by `requireGroupSecret` with that epoch's key. */
export async function openPreviousGroupSecret(
  net: string,
  group: string,
  epoch: number,
  secret: Bytes,
  sealed: Bytes,
): Promise<Bytes> {
  const context = groupPrevContext(net, group, epoch);
  const previous = await unseal(await groupChainKey(secret), context, sealed);
  requireLength(previous, 32, 'group secret');
  return previous;
}
