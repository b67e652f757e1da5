import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Environment, isProduction, type Mistakes, settingNames } from './config.ts'
import { keptSecret } from './lib/kept-secret.ts'

/**
 * The environment with every `NAME_FILE` read and, outside production, with secrets of its own kept in DATA_DIR. What could
 * not be read is among the mistakes, for `parseConfig` to tell together with all others.
 */
export async function completeEnvironment(
  given: Environment,
): Promise<{ environment: Environment; mistakes: Mistakes }> {
  const environment = { ...given }
  const mistakes: Mistakes = {}
  for (const name of settingNames) {
    const file = given[`${name}_FILE`]
    if (!file) continue
    if (given[name]) {
      mistakes[name] = `and ${name}_FILE are both set: leave one of them out`
      continue
    }
    try {
      environment[name] = (await readFile(file, 'utf8')).trim()
    } catch (error) {
      mistakes[name] = `cannot be read from ${name}_FILE (${(error as NodeJS.ErrnoException).code})`
    }
  }
  if (!isProduction(environment)) await addDevelopmentSecrets(environment, mistakes)
  return { environment, mistakes }
}

const developmentSecrets = { SESSION_SECRET: 'session-secret', SEALING_KEY: 'sealing-key' }
const wholeLength = 43

/** Secrets that survive a restart of the development service: 32 random bytes in base64url, a file for each. */
async function addDevelopmentSecrets(environment: Environment, mistakes: Mistakes): Promise<void> {
  const directory = environment.DATA_DIR || '.data'
  for (const [name, fileName] of Object.entries(developmentSecrets)) {
    if (environment[name] || mistakes[name]) continue
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const file = path.join(directory, fileName)
    const secret = await keptSecret(file)
    if (secret.length === wholeLength) environment[name] = secret
    else mistakes[name] = `is torn in ${file}: restore the file, or delete it and lose what it protects`
  }
}
