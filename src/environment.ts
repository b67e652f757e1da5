import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ConfigError, type Environment, isProduction, settingNames } from './config.ts'

/** The environment with every `NAME_FILE` read and, outside production, with secrets of its own kept in DATA_DIR. */
export function completeEnvironment(environment: Environment): Environment {
  const complete = { ...environment, ...fromFiles(environment) }
  return isProduction(complete) ? complete : { ...developmentSecrets(complete), ...defined(complete) }
}

function fromFiles(environment: Environment): Environment {
  const read: Environment = {}
  for (const name of settingNames) {
    const file = environment[`${name}_FILE`]
    if (!file) continue
    if (environment[name])
      throw new ConfigError(`${name} and ${name}_FILE are both set: leave one of them out`)
    try {
      read[name] = readFileSync(file, 'utf8').trim()
    } catch (cause) {
      throw new ConfigError(`${name}_FILE cannot be read (${(cause as NodeJS.ErrnoException).code})`, {
        cause,
      })
    }
  }
  return read
}

const defined = (environment: Environment): Environment =>
  Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''))

/** Secrets that survive a restart of the development service, kept in a file that is there whole or not at all. */
function developmentSecrets(environment: Environment): Environment {
  const directory = environment.DATA_DIR || '.data'
  const file = path.join(directory, 'secrets.json')
  if (!existsSync(file)) {
    const fresh = {
      SESSION_SECRET: randomBytes(48).toString('base64url'),
      SEALING_KEY: randomBytes(32).toString('base64'),
    }
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    writeFileSync(`${file}.new`, JSON.stringify(fresh, null, 2), { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
  return JSON.parse(readFileSync(file, 'utf8'))
}
