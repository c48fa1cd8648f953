export type { CanonicalFields } from './canonical.js';
export { canonicalBytes, leafHash, readCanonical } from './canonical.js';
export type { DeciderHostOptions, Envelope, Handled } from './decider-host.js';
export { DeciderHost } from './decider-host.js';
export type { Folded } from './folded.js';
export type { EmbeddedStore, LogCut, StoreStats } from './embedded/embedded-store.js';
export { LogDamage } from './embedded/faults.js';
export type { EmbeddedOptions } from './embedded/layout.js';
export type { OpenForWriting, OpenParts } from './embedded/open.js';
export { openEmbeddedStore, openReadOnly, refuseInUse } from './embedded/open.js';
export type { RecoveryReport } from './embedded/recover.js';
export type { Scrap } from './embedded/recovery.js';
export { InTurn } from './in-turn.js';
export { memoryStore } from './memory-store.js';
export type {
  AppendRequest,
  AppendResult,
  EventMetadata,
  EventStore,
  NewEvent,
  Page,
  Position,
  ReadAll,
  ReadStream,
  RecordedEvent,
  RecordFeed,
  RecordPage,
  Revision,
  Soon,
} from './port.js';
export { categoryOf, NO_STREAM, START } from './port.js';
export { eventsOf } from './record-feed.js';
export { CategoryFilter } from './category-filter.js';
export type { SnapshotCache, SnapshotOptions } from './snapshots.js';
export { deepFreeze, StoredEvent } from './stored-event.js';
