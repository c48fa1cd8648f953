export type { ServerKind } from './describe-real.js';
export { describeReal, whyAbsent } from './describe-real.js';
export type { KafkaOptions } from './kafka.js';
export { startKafka } from './kafka.js';
export type { MongoOptions, MongoServers } from './mongo.js';
export { startMongo } from './mongo.js';
export { freePort, ServerProcess } from './processes.js';
export type { TestServers } from './servers.js';
export { ServerUnavailable } from './unavailable.js';
