export { riskErrors } from './api/errors.js';
export { riskConfig, type RiskConfig } from './config.js';
export { createRisk, type RiskPorts, riskProjections } from './create-risk.js';
