export { errorsMarkdown } from './api/openapi/error-pages.js';
export { gatewayErrors } from './application/errors.js';
export { type Entry, methodTable } from './application/method-table.js';
export type { GatewayNamespace, GatewayPorts } from './application/ports.js';
export type { GatewayConfig } from './config.js';
export { gatewayConfig } from './config.js';
export type { Addresses, Gateway } from './gateway.js';
export { createGateway } from './gateway.js';
