export type { KafkaConnection } from './client.js';
export type { BusHealth, KafkaBus } from './kafka-bus.js';
export { kafkaBus } from './kafka-bus.js';
export type { KafkaBusOptions } from './options.js';
export type { CommandKeyMaterial, CommandKeys, Signature } from './signing.js';
export { ed25519Keys, generateCommandKeys } from './signing.js';
