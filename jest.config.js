/** Jest runs TypeScript as ES modules: swc strips the types, so `npm run types` stands beside it. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2024', parser: { syntax: 'typescript' }, experimental: { keepImportAttributes: true } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/cdk.out/', '<rootDir>/.local/'],
  collectCoverageFrom: ['src/**/*.ts', 'functions/**/*.ts', 'infra/**/*.ts'],
  globalSetup: '<rootDir>/test/support/name-local-cloud.ts',
  setupFilesAfterEnv: ['<rootDir>/test/support/laws.ts'],
  globalTeardown: '<rootDir>/test/support/stop-local-cloud.ts',
  // Two workers: the test machines have two cores, and the local cloud needs a share of them.
  maxWorkers: 2,
  // Simulations and deployed tests take seconds; a hung test still ends in a minute.
  testTimeout: 60_000,
};
