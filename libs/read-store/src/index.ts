export type { DeadlineOptions } from './deadlines.js';
export { startDeadlines } from './deadlines.js';
export type { Follower, FollowerOptions, Lag } from './follower.js';
export { startFollower } from './follower.js';
export type {
  Collection, CollectionSpec, Condition, Doc, DocValue, IndexSpec, ProjectedMeta, Projection, Query, ReadStore, Scalar, WriteOp,
} from './port.js';
export type { BoundProjection } from './projections/bound.js';
export { bind } from './projections/bound.js';
export type { Halted } from './projections/halted.js';
export type { Rebuilt } from './projections/compare.js';
export { compareCollections } from './projections/compare.js';
export type { ProjectionOptions, ProjectionRunner } from './projections/runner.js';
export { startProjections } from './projections/runner.js';
export type { SqliteReadStoreOptions } from './sqlite-read-store.js';
export { sqliteReadStore } from './sqlite-read-store.js';
export { startWatchdog } from './watchdog.js';
