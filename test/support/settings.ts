import type { Environment } from '../../src/config.ts'

/** Settings of a test service: secrets drawn for tests only, and limits raised as an operator would raise them. */
export const testEnvironment: Environment = {
  PUBLIC_BASE_URL: 'http://accounts.silver.test',
  SESSION_SECRET: 'k3vXq9ZrT1mB7yLwD5hJ8nPfS2cGaU4eV6xR0iOtYbEzKqWu',
  SEALING_KEY: 'v1c3Zl9gqk2pH7mXyT4oR8sLw0dJ6bN5aEuFiCtKxQs=',
  RATE_LIMIT_ROUTES: '*=1000000',
  DEMO_DATA: 'off',
}
