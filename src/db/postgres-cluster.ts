import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { type Account, giveTo } from './postgres-account.ts'
import type { Binaries } from './postgres-binaries.ts'

export type Cluster = {
  data: string
  superuserPassword: string
  binaries: Binaries
  account: Account
  durable: boolean
  log: (line: string) => void
}

const run = promisify(execFile)
const leftoverAgeMs = 10 * 60_000

/** Makes the cluster's data directory unless it is there and whole; a torn one is moved aside, never deleted. */
export async function ensureCluster(cluster: Cluster): Promise<void> {
  const { data, log } = cluster
  // Asked first: another start may put a whole cluster there between the two questions.
  const existed = existsSync(data)
  if (isWhole(data)) return
  if (existed) await setAside(data, log)
  await removeLeftovers(data)
  log(`making a PostgreSQL ${cluster.binaries.majorVersion} cluster in ${data}`)
  const workshop = await mkdtemp(`${data}.new-`)
  try {
    await initdb(cluster, workshop)
    await rename(path.join(workshop, 'data'), data).catch((error) => {
      // Another start was faster. Its cluster is as good: both have the same password.
      if (!isWhole(data)) throw error
    })
  } finally {
    await rm(workshop, { recursive: true, force: true })
  }
}

/** Whether `data` holds a cluster that initdb finished. */
export function isWhole(data: string): boolean {
  return existsSync(path.join(data, 'PG_VERSION')) && existsSync(path.join(data, 'global', 'pg_control'))
}

async function initdb(
  { data, superuserPassword, binaries, account, durable }: Cluster,
  workshop: string,
): Promise<void> {
  const passwordFile = path.join(workshop, 'password')
  await writeFile(passwordFile, superuserPassword, { mode: 0o600 })
  await giveTo(account, workshop)
  const locale =
    binaries.majorVersion >= 17
      ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
      : ['--locale=C.UTF-8']
  const [command = '', ...words] = [
    ...account.prefix,
    binaries.initdb,
    `--pgdata=${path.join(workshop, 'data')}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    ...locale,
    '--wal-segsize=4',
    ...(durable ? [] : ['--no-sync']),
  ]
  await run(command, words, account.spawnOptions).catch((cause) => {
    throw new Error(
      `initdb could not make the PostgreSQL cluster ${data}:\n${cause.stderr || cause.message}\n` +
        'Put this right and start again, or set DATABASE_URL to a PostgreSQL of your own.',
      { cause },
    )
  })
}

async function setAside(data: string, log: (line: string) => void): Promise<void> {
  const names = await readdir(data).catch((cause) => {
    // Another user's cluster may be whole for all we can see.
    throw new Error(
      `${data} cannot be read (${cause.code}). Start as the user it belongs to, or give it to this one.`,
      {
        cause,
      },
    )
  })
  if (names.length === 0) return rmdir(data)
  const aside = `${data}.torn-${Date.now()}`
  await rename(data, aside)
  log(`${data} is no whole PostgreSQL cluster; moved it to ${aside}`)
}

/** Removes the workshops of starts that were killed; young ones may be in use. */
async function removeLeftovers(data: string): Promise<void> {
  const oldest = Date.now() - leftoverAgeMs
  for (const name of await readdir(path.dirname(data))) {
    if (!name.startsWith(`${path.basename(data)}.new-`)) continue
    const workshop = path.join(path.dirname(data), name)
    const made = await stat(workshop).catch(() => undefined)
    if (made && made.mtimeMs < oldest) await rm(workshop, { recursive: true, force: true })
  }
}
