export type { DeadlineOptions } from './deadlines.js';
export { startDeadlines } from './deadlines.js';
export type { FollowedLog } from './followed-log.js';
export type { Follower, FollowerOptions } from './follower.js';
export { startFollower } from './follower/log-follower.js';
export type {
  Collection, CollectionSpec, Condition, Doc, DocValue, IndexSpec, ProjectedMeta, Projection, Query, ReadStore, Scalar, WriteOp,
} from './port.js';
export type { BoundProjection } from './projections/bound.js';
export { bind } from './projections/bound.js';
export { compareCollections } from './projections/compare.js';
export type { ProjectionOptions } from './projections/runner.js';
export { startProjections } from './projections/runner.js';
export type { Halted, Lag, ProjectionRunner, Rebuilt, RunnersElsewhere } from './runner-port.js';
export type { SqliteReadStoreOptions } from './sqlite-read-store.js';
export { sqliteReadStore } from './sqlite-read-store.js';
export type { ReadTogether } from './thread/read-together.js';
export { readTogether } from './thread/read-together.js';
export { startWatchdog } from './watchdog.js';
export { Watchers } from './watchers.js';
