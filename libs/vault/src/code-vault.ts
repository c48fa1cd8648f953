import type { KeyWrap } from './key-wrap.js';
import type { SpoolKeys } from './spool.js';

/** One line of an import on its way into the vault. Plain; forgotten as soon as it is sealed. */
export type PlainRow = { readonly line: number; readonly code: string; /** Where number and password come apart. */ readonly number?: string; /** Epoch milliseconds. */ readonly expiresAt?: number };
export type RowRefusal = { readonly line: number; readonly reason: string };
/** Units `from` to `to` of a batch that end together. */
export type Segment = { readonly from: number; readonly to: number; readonly expiresAt?: number };
export type BatchUnits = { readonly batchId: string; readonly from: number; readonly to: number };
export type UnitRef = { readonly batchId: string; readonly index: number };
/** A secret in the clear. Never logged, never cached. */
export type OpenedUnit = UnitRef & { readonly code: string; readonly number?: string; readonly expiresAt?: number };

export type NewBatch = {
  readonly batchId: string; readonly importId: string; readonly uses: number;
  /** Codes of our own making: found however they are typed (small letters, spaces, dashes). */
  readonly own?: boolean;
};
export type BatchStatus = 'open' | 'complete' | 'aborted' | 'erased';
export type VaultBatch = {
  readonly batchId: string; readonly importId: string; readonly status: BatchStatus;
  /** Units per code (reusable codes); units = rows × uses. */
  readonly uses: number;
  readonly rows: number; readonly refused: number;
  /** Running hash over all sealed blocks, hex: what events name, to notice a vault that is behind or was changed. */
  readonly hash: string;
  /** Lines handled so far; a resumed import goes on behind it. */
  readonly line: number;
  /** Least entropy a code of the batch can have, by its length and alphabet. */
  readonly entropyBits: number;
};
export type SealResult = {
  readonly sealed: number;
  readonly refused: readonly RowRefusal[];
  /** For the journal: keyed hashes of the sealed rows in row order, and where they start. */
  readonly firstRow: number; readonly hashes: Uint8Array; readonly hashVersion: number;
};
/** A look-up key, sealed by the key-encryption key. */
export type SealedLookupKey = { readonly version: number; readonly kekId: string; readonly wrapped: Uint8Array };
export type Erasure = { readonly batchId: string; /** Look-up hashes that went with the key: codes of that batch can be imported again unnoticed. */ readonly hashesDeleted: number };

/**
 * The vault of codes: sealed before the event that names them, found only by a keyed hash. All writes are on the disk when
 * they settle. Faults: `VAULT_CLOSED`, `VAULT_DAMAGED` (a block does not open: changed or moved), `KEY_ERASED`, `KEY_WRONG`, `BATCH_NOT_IN_VAULT`.
 */
export interface CodeVault {
  /** Starts a batch's import. May be called again. */
  begin(batch: NewBatch): Promise<void>;
  /**
   * Seals rows, refuses those whose code is in an open or complete batch already (`DUPLICATE_IN_FILE`, `DUPLICATE`), and
   * notes `refusals` of the parser and the last `line` handled: all of it or nothing.
   */
  seal(batchId: string, rows: readonly PlainRow[], progress: { readonly line: number; readonly refusals: readonly RowRefusal[] }): Promise<SealResult>;
  batch(batchId: string): Promise<VaultBatch | undefined>;
  batches(): Promise<readonly VaultBatch[]>;
  /** Units of a batch in segments of equal expiry, by index. */
  segments(batchId: string): Promise<readonly Segment[]>;
  refusals(batchId: string, afterLine: number, max: number): Promise<readonly RowRefusal[]>;
  /** From here the batch is closed for ever. May be called again. */
  complete(batchId: string): Promise<void>;
  /** Forgets what was sealed; its codes may be imported again. May be called again; Fault where the batch is complete. */
  abort(batchId: string): Promise<void>;
  /** The secrets of units, in order. The caller has recorded (and journaled) that they leave. */
  open(ranges: readonly BatchUnits[]): Promise<readonly OpenedUnit[]>;
  /** The first unit of a presented code; takes the same work whether there is one or not. */
  find(code: string): Promise<(UnitRef & { readonly uses: number }) | undefined>;
  /** Public ids: a keyed permutation of (batch, index). */
  nameUnits(units: readonly UnitRef[]): readonly string[];
  /** Units behind public ids; undefined where an id names none. */
  resolveIds(ids: readonly string[]): Promise<readonly (UnitRef | undefined)[]>;

  /** For uploads on their way here. */
  readonly spoolKeys: SpoolKeys;
  /** Keyed hashes of rows sealed before, for the journal of a resumed import. */
  hashesOf(batchId: string, fromRow: number, toRow: number): Promise<Pick<SealResult, 'hashes' | 'hashVersion'>>;
  /** Whether all blocks are as their running hash says. */
  verify(batchId: string): Promise<boolean>;
  /** Takes the journal's hashes as duplicates (after a restore); how many were new. May be called again. Undefined where their look-up key is not here. */
  adoptHashes(hashes: Uint8Array, hashVersion: number): Promise<number | undefined>;
  lookupKeys(): Promise<readonly SealedLookupKey[]>;
  /** False where another key-encryption key sealed it. May be called again. */
  adoptLookupKey(key: SealedLookupKey): Promise<boolean>;
  /** Destroys the batch's keys, and its look-up hashes where a code could be guessed from them. May be called again. */
  erase(batchId: string): Promise<Erasure>;
  close(): Promise<void>;
}

/** A vault with what a command line does to it now and then. */
export type MaintainedCodeVault = CodeVault & {
  /** Seals every data key anew under `next`; the old key opens nothing any more. Returns how many. */
  rotateKek(next: KeyWrap): Promise<number>;
  /** Hashes all codes under a new look-up key. Returns how many; those of erased batches stay under the old one. Not while codes are imported. */
  rotateLookups(): Promise<number>;
};

/** A hash is kept after its batch's key was erased only if its code has this much entropy (RULES, Secrets 3). */
export const KEEP_HASH_BITS = 80;
/** Bytes of a look-up hash: HMAC-SHA256 cut to 128 bits; at 10^9 codes a false duplicate has a chance below 10^-20. */
export const HASH_BYTES = 16;
