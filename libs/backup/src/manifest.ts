import { int, list, record, text, time, type TypeOf } from '@vouchsafe/codec';

/** One file of a backup. `length` and hash are of the copy. */
export const backedUpFile = record({ name: text(), length: int, sha256: text() });
/** What a backup holds; written last, so that a backup without it is none. */
export const manifestShape = record({
  version: int, deploymentId: text(), epoch: int, namespace: text(), takenAt: time,
  /** Where the log was cut: the backup knows nothing after it. */
  log: record({ position: int, hash: text(), bootEpoch: int, files: list(backedUpFile) }),
  files: list(backedUpFile),
});
export type Manifest = TypeOf<typeof manifestShape>;
export type BackedUpFile = TypeOf<typeof backedUpFile>;
export const MANIFEST = 'manifest.json';
export const MANIFEST_VERSION = 1;
