export { specification } from './specification.js';
export type { TestPorts } from './test-ports.js';
export { TEST_START, testPorts } from './test-ports.js';
