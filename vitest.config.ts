import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', '.data/**', '.tools/**'],
    // Files may stop servers, change the environment and leave typed arrays of a million wallets behind.
    pool: 'forks',
    isolate: true,
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    // A law that fails must fail in CI as it does at a desk: nothing is tried again.
    retry: 0,
  },
})
