export type { Access } from './access.js';
export { accessProjections, createAccess } from './access.js';
export { accessErrors } from './api/errors.js';
export type { AdminBootstrap, BootstrapKey, SandboxKeys } from './application/bootstrap.js';
export type { AccessPorts } from './application/ports.js';
export { hmacSignature, textToSign } from './application/signature.js';
export type { AccessConfig } from './config.js';
export { accessConfig } from './config.js';
export { PERMISSIONS, ROLES } from './domain/roles.js';
