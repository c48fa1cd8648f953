export type { LogLine } from './recorded-log.js';
export { recordedLog } from './recorded-log.js';
export type { SelfSigned } from './self-signed.js';
export { selfSigned } from './self-signed.js';
export { specification } from './specification.js';
export type { TestPorts } from './test-ports.js';
export { TEST_START, testPorts } from './test-ports.js';
