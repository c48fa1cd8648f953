/** What the adapters of the vault's ports share, wherever their rows lie: cryptography, hashes, arithmetic. For adapters only. */
export type { RowSegment } from './batch-math.js';
export { byExpiry, ENTROPY_START, leastEntropy, REFUSALS_MAX, segmentsAfter } from './batch-math.js';
export type { BatchHead, SealedBlock } from './block-sealer.js';
export { BlockSealer, HASH_START, nextHash } from './block-sealer.js';
export { BLOCK_ROWS } from './blocks.js';
export type { RowHashes } from './code-hashes.js';
export { CodeHashes } from './code-hashes.js';
export type { KeyPurpose, NewKey, RingKey, StoredKey, StoredKeys } from './key-ring.js';
export { KeyRing } from './key-ring.js';
export { rewrapped } from './key-wrap.js';
export { IncarnationKey, SubjectKey, Tokens, unwrapWith } from './personal-keys.js';
export type { Entry, Place, Wanted } from './personal-pages.js';
export { bindingOf, checkKept, contextOf, keptRef, PAGE_VALUES, placeIn, placeOfRef, protectedAt, tokenText, wantedOf } from './personal-pages.js';
export { batchTag, nameUnits, namingOf, unitOf } from './voucher-ids.js';
