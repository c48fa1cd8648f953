export { measureConnections } from './bus-metrics.js';
export { type GatewayProcessConfig, gatewayProcessConfig, type ServiceConfig, serviceConfig } from './config.js';
export { connect, type Connections, type Machine, startBus } from './connections.js';
export type { ServicePorts } from './open-service.js';
export { configOf, type ProcessDefinition, runProcess } from './run-process.js';
export { noSettings, processOf, runService, type ServiceDefinition, settingsProblems } from './run-service.js';
