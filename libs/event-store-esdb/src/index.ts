export { EPOCHS } from './names.js';
export type { EsdbOptions } from './esdb-store.js';
export { openEsdbStore } from './esdb-store.js';
export type { UserMetadata } from './user-metadata.js';
export { readUserMetadata, userMetadataOf } from './user-metadata.js';
