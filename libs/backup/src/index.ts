export type { BackupOptions } from './backup.js';
export { backup, DATABASES, FOLDERS } from './backup.js';
export type { Deployment, DeploymentOptions } from './deployment.js';
export { FIRST_EPOCH, openDeployment } from './deployment.js';
export type { BackedUpFile, Manifest } from './manifest.js';
export type { RestoreOptions } from './restore.js';
export { readManifest, restore, verifyBackup } from './restore.js';
