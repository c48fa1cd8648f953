export type { Answer, CommandCase, CommandEnvelope } from './command-contract.js';
export { ask, on, serveCommands } from './command-contract.js';
export type { ConsumerOptions } from './consumer.js';
export { consume } from './consumer.js';
export { inProcessBus } from './in-process-bus.js';
export type { Bus, CommandHandler, CommandMessage, EventHandler, EventMessage, Outcome, ParkedMessage } from './port.js';
export type { Publisher, PublisherOptions } from './publisher.js';
export { startPublisher } from './publisher.js';
