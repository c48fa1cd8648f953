export { composeServices, type PlatformPorts, type ServiceSettings } from './compose.js';
export { isLoopback, parseConfig, type PlatformConfig, platformConfig } from './config.js';
export { type ConfigProblem, type LogFollower, startModules, startOrder } from '@vouchsafe/process';
export { bootstrapAdmin, type NamespaceOptions, type RunningNamespace, startNamespace } from './namespace.js';
export type { NamespacePlaces, OpenOptions } from './open-namespace.js';
export { CATALOGUES } from '@vouchsafe/gateway/catalogues';
export { namespaceAlone, placesOf, type Platform, type PlatformOptions, startPlatform } from './platform.js';
export { SERVICE_PROJECTIONS } from './projections.js';
export { PUBLIC_SERVICES } from './public-services.js';
