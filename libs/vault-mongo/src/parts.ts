import type { Mongo } from '@vouchsafe/mongo';
import type { CodeHashes, KeyRing } from '@vouchsafe/vault/adapter-parts';
import type { MongoKeys } from './mongo-keys.js';

/** What one process's vault of codes works with. */
export type Parts = {
  readonly mongo: Mongo; readonly stored: MongoKeys; readonly ring: KeyRing; readonly hashes: CodeHashes;
  /** Names this process in the histories of batches. */
  readonly writer: string;
};
