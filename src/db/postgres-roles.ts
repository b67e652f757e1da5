import pg from 'pg'

export const ownerRole = 'silver_owner'
export const appRole = 'silver_app'

const connectTimeoutMs = 5_000
// Any number will do, so long as nobody else locks it.
const setUpLock = 7_458_371

/** A connection URL of the embedded server. Names and passwords are our own and need no escaping. */
export function localUrl(user: string, password: string, port: number, database: string): string {
  return `postgres://${user}:${password}@127.0.0.1:${port}/${database}`
}

/** Lets `work` use a connection of its own, closed afterwards. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectTimeoutMs })
  // A lost connection also fails the query under way; unheard, this event would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Makes what is missing of both roles and the database, so that a start killed half-way is completed by the next. */
export async function ensureRolesAndDatabase(options: {
  superuserUrl: string
  majorVersion: number
  database: string
  ownerPassword: string
  appPassword: string
}): Promise<void> {
  await withClient(options.superuserUrl, async (client) => {
    await client.query('select pg_advisory_lock($1)', [setUpLock])
    await ensureRole(client, ownerRole, options.ownerPassword)
    await ensureRole(client, appRole, options.appPassword)
    if (options.majorVersion < 15) await closePublicSchema(options.superuserUrl)
    await ensureDatabase(client, options.database)
  })
}

async function ensureRole(client: pg.Client, role: string, password: string): Promise<void> {
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role])
  if (!rowCount) await client.query(`create role ${role}`)
  await client.query(`alter role ${role} login password ${client.escapeLiteral(password)}`)
}

async function ensureDatabase(client: pg.Client, database: string): Promise<void> {
  const { rowCount } = await client.query('select from pg_database where datname = $1', [database])
  if (!rowCount) await client.query(`create database ${database} owner ${ownerRole}`)
  await admitAppOnly(client, database)
}

/** Lets the application connect to `database`, and everybody else but its owner do nothing there. */
export async function admitAppOnly(client: pg.Client, database: string): Promise<void> {
  await client.query(
    `revoke all on database ${database} from public; grant connect on database ${database} to ${appRole}`,
  )
}

/** Gives new databases the rules of PostgreSQL 15, where making tables in `public` is for the database's owner only. */
async function closePublicSchema(superuserUrl: string): Promise<void> {
  const template = new URL('/template1', superuserUrl)
  await withClient(template.href, async (client) => {
    await client.query(
      'revoke create on schema public from public; alter schema public owner to pg_database_owner',
    )
  })
}
