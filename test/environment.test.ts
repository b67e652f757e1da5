import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ConfigError, type Environment, parseConfig, settingNames } from '../src/config.ts'
import { completeEnvironment } from '../src/environment.ts'
import { testEnvironment } from './support/settings.ts'

const { SESSION_SECRET, SEALING_KEY } = testEnvironment
const given: Environment = { SESSION_SECRET, SEALING_KEY }

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'silver-auth-config-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))
const file = (name: string) => path.join(directory, name)
const complete = (environment: Environment) => completeEnvironment({ DATA_DIR: file('data'), ...environment })

it.each(settingNames)('reads %s from a file, whose last line break does not count', async (name) => {
  await writeFile(file('value'), 'from the file\n')
  const { environment, mistakes } = await complete({
    [`${name}_FILE`]: file('value'),
    NODE_ENV: 'production',
    ...(name === 'DATA_DIR' ? { DATA_DIR: undefined } : {}),
  })
  expect(environment[name]).toBe('from the file')
  expect(mistakes).toEqual({})
})

it('tells unreadable and doubled files together with every other mistake', async () => {
  const { environment, mistakes } = await complete({
    NODE_ENV: 'production',
    SESSION_SECRET_FILE: file('absent'),
    SEALING_KEY,
    SEALING_KEY_FILE: file('absent'),
    DATABASE_URL_FILE: directory,
  })
  expect(() => parseConfig(environment, mistakes)).toThrow(
    new ConfigError(
      [
        'The service cannot start with these settings:',
        '  - PUBLIC_BASE_URL is missing',
        '  - DATABASE_URL cannot be read from DATABASE_URL_FILE (EISDIR)',
        '  - SESSION_SECRET cannot be read from SESSION_SECRET_FILE (ENOENT)',
        '  - SEALING_KEY and SEALING_KEY_FILE are both set: leave one of them out',
      ].join('\n'),
    ),
  )
})

it('makes development secrets once, each in a file for its owner alone', async () => {
  const first = await complete({})
  const again = await complete({})
  expect(first.mistakes).toEqual({})
  expect(again).toEqual(first)
  expect(parseConfig(first.environment).session.secrets).not.toEqual([SESSION_SECRET])
  for (const name of ['session-secret', 'sealing-key']) {
    expect((await stat(file(`data/${name}`))).mode & 0o777).toBe(0o600)
  }
  expect((await stat(file('data'))).mode & 0o777).toBe(0o700)
})

it('gives starts that race the same secrets', async () => {
  const starts = await Promise.all(Array.from({ length: 20 }, () => complete({})))
  expect(new Set(starts.map(({ environment }) => JSON.stringify(environment))).size).toBe(1)
})

it('makes none where they are given, nor in production', async () => {
  await complete(given)
  await complete({ NODE_ENV: 'production' })
  await expect(stat(file('data'))).rejects.toThrow('ENOENT')
  expect((await complete(given)).environment).toMatchObject(given)
})

it.each(['', 'cut-in-the-mid'])('says what to do about a torn file: %j', async (torn) => {
  await complete({})
  await writeFile(file('data/session-secret'), torn)
  const { mistakes } = await complete({})
  expect(mistakes).toEqual({
    SESSION_SECRET: `is torn in ${file('data/session-secret')}: restore the file, or delete it and lose what it protects`,
  })
})
