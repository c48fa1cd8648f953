/** One run over all packages; sources are compiled by swc, workspace packages resolve to their sources. */
module.exports = {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'require', 'default'] },
  roots: ['<rootDir>/libs', '<rootDir>/services', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  // Those need real servers (jest.real.config.cjs).
  testPathIgnorePatterns: ['/node_modules/', '\\.real\\.spec\\.ts$'],
  transform: { '\\.[cm]?[jt]sx?$': '<rootDir>/jest-transform.cjs' },
  transformIgnorePatterns: [],
  // Waits are for busy machines; no test measures time.
  testTimeout: 60_000,
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'] },
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/'],
};
