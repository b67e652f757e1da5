import { existsSync } from 'node:fs'
import { mkdir, realpath } from 'node:fs/promises'
import path from 'node:path'
import { keptSecret } from '../lib/kept-secret.ts'
import { chooseAccount } from './postgres-account.ts'
import { findBinaries } from './postgres-binaries.ts'
import { type Cluster, ensureCluster, isWhole } from './postgres-cluster.ts'
import { appRole, ensureRolesAndDatabase, localUrl, ownerRole } from './postgres-roles.ts'
import { startServer } from './postgres-server.ts'

export type EmbeddedPostgres = {
  ownerUrl: string
  appUrl: string
  superuserUrl: string
  pid: number
  /** The server was running already: a process that was killed left it behind, or one that lives is using it. */
  adopted: boolean
  /** Stops the server, adopted or not, within 20 seconds. */
  stop(): Promise<void>
}

type Options = {
  directory: string
  durable?: boolean | undefined
  binaries?: string | undefined
  log?: ((line: string) => void) | undefined
}

const database = 'silver_auth'
const superuser = 'postgres'

/**
 * Starts a PostgreSQL of our own on 127.0.0.1, with its data and passwords in `directory`, making there what is missing.
 * `binaries` is a directory with `postgres` and `initdb` to use instead of the npm package; `durable: false` trades
 * safety against power loss for speed. On Linux the server ends with the thread that called this.
 */
export async function startEmbeddedPostgres(options: Options): Promise<EmbeddedPostgres> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 })
  const directory = await realpath(options.directory)
  const cluster = await prepareCluster(directory, options)
  const ownerPassword = await keptSecret(passwordFile(directory, ownerRole))
  const appPassword = await keptSecret(passwordFile(directory, appRole))
  const { pid, port, adopted, stop } = await startServer(cluster)
  const superuserUrl = localUrl(superuser, cluster.superuserPassword, port, superuser)
  const { majorVersion } = cluster.binaries
  try {
    await ensureRolesAndDatabase({ superuserUrl, majorVersion, database, ownerPassword, appPassword })
  } catch (error) {
    if (!adopted) await stop()
    throw error
  }
  return {
    ownerUrl: localUrl(ownerRole, ownerPassword, port, database),
    appUrl: localUrl(appRole, appPassword, port, database),
    superuserUrl,
    pid,
    adopted,
    stop,
  }
}

async function prepareCluster(directory: string, options: Options): Promise<Cluster> {
  const data = path.join(directory, 'postgres')
  const file = passwordFile(directory, superuser)
  if (isWhole(data) && !existsSync(file)) {
    throw new Error(
      `${file} is missing, and nothing else opens ${data}. Restore it, or move ${data} away to begin anew.`,
    )
  }
  const cluster = {
    data,
    superuserPassword: await keptSecret(file),
    binaries: await findBinaries(options.binaries),
    account: await chooseAccount(data),
    durable: options.durable ?? true,
    log: options.log ?? (() => undefined),
  }
  await ensureCluster(cluster)
  return cluster
}

const passwordFile = (directory: string, role: string) => path.join(directory, `${role}.password`)
