export type { RedemptionConfig } from './config.js';
export { redemptionConfig } from './config.js';
export type { RedemptionPorts } from './create.js';
export { createRedemption, redemptionProjections } from './create.js';
export { redemptionErrors } from './api/errors.js';
