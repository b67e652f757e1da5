import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'architecture', include: ['test/architecture.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'service',
          include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
          exclude: [
            'test/architecture.test.ts',
            'test/browser/**',
            'test/faults/**',
            'test/operations/**',
            'test/replicas/**',
          ],
          globalSetup: ['test/support/postgres.ts'],
        },
      },
      { extends: true, test: { name: 'sdk', include: ['packages/*/test/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['browser', 'faults', 'operations', 'replicas'].map((name) => `test/${name}/**/*.test.ts`),
          // A minute of rest, which only `npm run test:faults` takes.
          exclude: process.env.FAULTS_ROUNDS ? [] : ['test/faults/idle.test.ts'],
          globalSetup: ['test/support/postgres.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
    // A busy machine is slow; nothing but a hang takes this long.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores, and tests that wait for other processes as often as they compute.
    maxWorkers: 3,
    reporters: ['default', './test/support/closing-line.ts'],
    coverage: { provider: 'v8', include: ['src/**'], reporter: ['text-summary', 'json-summary'] },
  },
})
