export type { AppliedIndexes } from './indexes.js';
export type { MongoReadStore, MongoReadStoreOptions } from './mongo-read-store.js';
export { applyIndexes, mongoReadStore } from './mongo-read-store.js';
