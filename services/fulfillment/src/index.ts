export { fulfillmentErrors } from './api/errors.js';
export type { Providers, RecipientKeys, TopUpProvider, TopUpRequest } from './application/ports.js';
export type { FulfillmentConfig, ProviderConfig } from './config.js';
export { fulfillmentConfig } from './config.js';
export type { FulfillmentPorts } from './create.js';
export { createFulfillment } from './create.js';
export type { ProviderAnswer } from './domain/top-up-messages.js';
export type { SandboxProvider, SandboxProviderOptions } from './sandbox-provider/server.js';
export { startSandboxProvider } from './sandbox-provider/server.js';
