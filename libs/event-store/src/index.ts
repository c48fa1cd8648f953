export type { CanonicalFields } from './canonical.js';
export { canonicalBytes, leafHash, readCanonical } from './canonical.js';
export type { DeciderHostOptions, Envelope, Folded, Handled } from './decider-host.js';
export { DeciderHost } from './decider-host.js';
export { deepFreeze, memoryStore } from './memory-store.js';
export type {
  AppendRequest, AppendResult, EventMetadata, EventStore, NewEvent, Page, Position, ReadAll, ReadStream, RecordedEvent, Revision,
} from './port.js';
export { categoryOf, NO_STREAM, START } from './port.js';
