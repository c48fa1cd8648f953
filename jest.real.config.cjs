/** Suites that need real servers: one Kafka and one mongod are started for the whole run and shared. */
const { testPathIgnorePatterns: _, ...base } = require('./jest.config.cjs');
module.exports = {
  ...base,
  testMatch: ['**/*.real.spec.ts'],
  globalSetup: '<rootDir>/libs/test-servers/jest/setup.cjs',
  globalTeardown: '<rootDir>/libs/test-servers/jest/teardown.cjs',
  maxWorkers: 2,
};
