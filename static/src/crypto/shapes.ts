/** Sizes of keys and wraps, apart from the library that makes them, so that verifiers stay light. */
export const KEM_PUBLIC = 1216;
export const KEM_SEED = 32;
export const ENCAPSULATION = 1120;
export const SECRET = 32;
export const TAG = 16;
export const WRAPPED = ENCAPSULATION + SECRET + TAG;
/** Of the second suite, MLKEM1024-P384. */
export const KEM2_PUBLIC = 1665;
export const WRAPPED2 = 1665 + SECRET + TAG;
