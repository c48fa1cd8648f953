export { CatchingUp } from './catching-up.js';
export { Closers } from './closers.js';
export { CONTRACTS, PUBLIC_SERVICES, type ServiceName, SERVICES } from './contracts.js';
export { type ConfigProblem, parseEnvironment, type ParsedEnvironment, type Reasons } from './environment.js';
export { countParked, measureFollowers } from './follower-metrics.js';
export { followersOf, type FollowingModule, type LogFollower } from './followers.js';
export { startModules, startOrder } from './module-order.js';
export { openTracing, type TracingConfig } from './open-tracing.js';
