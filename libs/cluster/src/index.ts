export { Child } from './child.js';
export type { Cluster, ClusterKeys, ClusterOptions } from './start-cluster.js';
export { startCluster } from './start-cluster.js';
export { copyDatabases, dropViews } from './views.js';
