export { copyParked, mongoParkedStore, restoreParked } from './mongo-parked-store.js';
export type { Surroundings } from './surroundings.js';
export { KnownSurroundings } from './surroundings.js';
