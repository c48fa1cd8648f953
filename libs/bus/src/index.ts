export type { Answer, CommandCase, CommandEnvelope } from './command-contract.js';
export { ask, on, serveCommands } from './command-contract.js';
export { inProcessBus } from './in-process-bus.js';
export type { Bus, CommandHandler, CommandMessage, EventHandler, EventMessage, Outcome, ParkedMessage } from './port.js';
export type { Checkpoints } from './publisher.js';
export { toMessage } from './publisher.js';
