import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, stat } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

/** How to run the server's programs: the words before their names, and what to give to spawn. */
export type Account = {
  prefix: string[]
  spawnOptions: { uid?: number; gid?: number; cwd: string; env: NodeJS.ProcessEnv | undefined }
}

type Ids = { uid: number; gid: number }

const run = promisify(execFile)
const userNamespace = ['unshare', '--user', '--map-user=1000', '--map-group=1000']
const endWithParent = ['setpriv', '--pdeathsig', 'INT']

// The server needs none of the service's environment, least of all its secrets. macOS wants a valid locale; Windows
// needs variables of its own.
const environment =
  process.platform === 'win32'
    ? undefined
    : { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/** Finds a way to run PostgreSQL, which refuses root, on the cluster in `data`; as root it may change who owns `data`. */
export async function chooseAccount(data: string): Promise<Account> {
  const ids = process.getuid?.() === 0 ? await idsBesidesRoot(data) : undefined
  const namespace = ids === 'namespace' ? userNamespace : []
  return {
    // setpriv comes last, because becoming another user or entering a namespace may clear the signal it asks for.
    prefix: [...namespace, ...((await works(endWithParent)) ? endWithParent : [])],
    spawnOptions: { ...(ids === 'namespace' ? {} : ids), cwd: path.dirname(data), env: environment },
  }
}

/** Gives `target`, and all that is in it, to the account. */
export async function giveTo(account: Account, target: string): Promise<void> {
  const { uid, gid } = account.spawnOptions
  if (uid !== undefined) await run('chown', ['-R', `${uid}:${gid}`, target])
}

// A cluster, or a directory prepared for one, is served by its owner; root's own inside a user namespace, where root
// counts as somebody else and its files stay its own; and where that is forbidden, by a system user.
async function idsBesidesRoot(data: string): Promise<Ids | 'namespace'> {
  const directory = path.dirname(data)
  const { uid, gid } = await stat(data).catch(() => stat(directory))
  if (uid !== 0) return { uid, gid }
  if (await works(userNamespace)) return 'namespace'
  const ids = (await idsOf('postgres')) ?? (await idsOf('nobody'))
  if (!ids) {
    throw new Error(
      'PostgreSQL refuses to run as root, and here are neither user namespaces nor a user postgres or nobody. ' +
        'Start the service as another user, or set DATABASE_URL to a PostgreSQL of your own.',
    )
  }
  await chmod(directory, 0o711)
  if (existsSync(data)) await run('chown', ['-R', `${ids.uid}:${ids.gid}`, data])
  return ids
}

async function idsOf(user: string): Promise<Ids | undefined> {
  try {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, user])).stdout)),
    )
    return uid && gid ? { uid, gid } : undefined
  } catch {
    return undefined
  }
}

const works = ([command = '', ...words]: string[]) =>
  run(command, [...words, 'true'], { env: environment }).then(
    () => true,
    () => false,
  )
