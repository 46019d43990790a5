/**
 * One class per fact a verifier can find wrong, with the names the Python client uses.
 *
 * Who only needs "the seal is broken" catches `ProtocolError`; the interface tells a mistyped
 * password from a server that cheats. Messages never carry a secret or a plaintext. `name` is
 * written out because minifiers rename classes and workers lose them.
 */
export class ProtocolError extends Error {
  override name = 'ProtocolError';
}
