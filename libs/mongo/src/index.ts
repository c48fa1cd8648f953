export type { Written } from './bulk.js';
export { writeMany } from './bulk.js';
export type { CopyOf } from './copies.js';
export { copyTo, restoreCopy } from './copies.js';
export { isDuplicateKey } from './faults.js';
export type { Attempt, MongoOptions, Patience } from './mongo.js';
export { Mongo } from './mongo.js';
