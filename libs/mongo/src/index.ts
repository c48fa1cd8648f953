export { isDuplicateKey } from './faults.js';
export type { Attempt, MongoOptions, Patience } from './mongo.js';
export { Mongo } from './mongo.js';
