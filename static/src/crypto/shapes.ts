/** Sizes of keys and wraps, apart from the library that makes them, so that verifiers stay light. */
export const KEM_PUBLIC = 1216;
export const KEM_SEED = 32;
export const ENCAPSULATION = 1120;
export const SECRET = 32;
export const WRAPPED = ENCAPSULATION + SECRET + 16;
