export type { CommandDeskOptions } from './command-desk.js';
export { CommandDesk, COMMANDS } from './command-desk.js';
export type { Answer, CommandCase } from './command-contract.js';
export { ask, on, serveCommands } from './command-contract.js';
export type { ConsumerOptions, Consuming } from './consumer.js';
export { consume } from './consumer.js';
export { DeadlineWheel, Ticket } from './deadline-wheel.js';
export { frozenCopy } from './frozen-copy.js';
export type { InProcessBusOptions } from './in-process-bus.js';
export { inProcessBus } from './in-process-bus.js';
export type { LossyBus, Mishaps } from './lossy-bus.js';
export { lossyBus } from './lossy-bus.js';
export { carryOutDecisions } from './carry-out-decisions.js';
export type { Decision, ParkedCount, ParkedStore } from './parked-store.js';
export { memoryParkedStore } from './parked-store.js';
export type {
  Bus, CommandEnvelope, CommandHandler, CommandLoad, CommandMessage, EventHandler, EventMessage, Outcome, ParkedMessage, Parking, Retried, Serving,
} from './port.js';
export type { Publisher, PublisherOptions } from './publisher.js';
export { startPublisher } from './publisher.js';
export { sqliteParkedStore } from './sqlite-parked-store.js';
export type { SubscriptionOptions } from './subscription.js';
export { describe as describeError, Subscription } from './subscription.js';
