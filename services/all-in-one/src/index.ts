export { composeServices, type PlatformPorts, type ServiceSettings } from './compose.js';
export { type ConfigProblem, parseConfig, type PlatformConfig, platformConfig } from './config.js';
export { startModules, startOrder } from './module-order.js';
export { PUBLIC_SERVICES } from './public-services.js';
