import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/db/embedded-postgres.ts'
import { withClient } from '../../src/db/postgres-roles.ts'
import { silverAuth, startSilverAuth } from '../support/command-line.ts'
import { call } from '../support/http.ts'
import { testEnvironment } from '../support/settings.ts'
import { freePort, plainEnvironment, projectRoot, run } from '../support/spawned.ts'
import { tool } from '../support/tools.ts'

const psql = tool('psql')
const script = path.join(projectRoot, 'deploy/postgres/roles.sql')
const passwords = { SILVER_OWNER_PASSWORD: `0wn3r's "$1"`, SILVER_APP_PASSWORD: '4pp \\ %40; --' }

const postgres15 = tool('postgres 15')
const servers: [name: string, binaries: string | undefined][] = [
  ['the embedded Postgres', undefined],
  ...(postgres15 ? [['Postgres 15', path.dirname(postgres15)] as [string, string]] : []),
]

describe.runIf(psql).each(servers)('deploy/postgres/roles.sql on %s', (_name, binaries) => {
  let directory: string
  let server: EmbeddedPostgres
  let service: ChildProcess | undefined
  const log: string[] = []

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'silver-roles-'))
    const options = { directory, durable: false, binaries, log: (line: string) => log.push(line) }
    server = await startEmbeddedPostgres(options)
    // An empty server, as the image begins with.
    await withClient(server.superuserUrl, async (client) => {
      await client.query('drop database silver_auth')
      await client.query('drop role silver_app')
      await client.query('drop role silver_owner')
    })
  })
  afterAll(async () => {
    service?.kill('SIGKILL')
    await server?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  /** As the image's entrypoint does, but by TCP. */
  function initialize() {
    const { hostname, port, password } = new URL(server.superuserUrl)
    const access = { PGHOST: hostname, PGPORT: port, PGPASSWORD: password }
    const words = ['-v', 'ON_ERROR_STOP=1', '--username', 'postgres', '--no-password', '--no-psqlrc']
    const env = plainEnvironment({ ...access, ...passwords })
    return run(psql ?? '', [...words, '--dbname', 'postgres', '-f', script], { env })
  }
  const urlOf = (user: string, password: string) =>
    Object.assign(new URL('/silver_auth', server.superuserUrl), {
      username: user,
      password: encodeURIComponent(password),
    }).href
  const appUrl = () => urlOf('silver_app', passwords.SILVER_APP_PASSWORD)
  const ownerUrl = () => urlOf('silver_owner', passwords.SILVER_OWNER_PASSWORD)

  it('makes roles with which the service migrates and serves', async () => {
    expect(await initialize()).toMatchObject({ code: 0 })
    const port = await freePort()
    const environment = {
      ...testEnvironment,
      NODE_ENV: 'production',
      PUBLIC_BASE_URL: 'https://accounts.silver.test',
      DATABASE_URL: appUrl(),
      DATABASE_OWNER_URL: ownerUrl(),
      PORT: String(port),
    }
    const { child, output } = await startSilverAuth(['serve'], environment)
    service = child
    const exited = once(child, 'close')
    await expect.poll(() => output().stdout, { timeout: 30_000 }).toContain('is ready on')
    const body = { email: 'a@example.com', password: 'a long password of mine', organization_name: 'A' }
    expect((await call(port, { method: 'POST', path: '/v1/auth/register', body })).status).toBe(201)
    child.kill('SIGTERM')
    expect((await exited)[0]).toBe(0)
    const verified = await silverAuth(['audit', 'verify', '--json'], environment)
    expect([verified.code, verified.stderr]).toEqual([0, ''])
  })

  it.each([
    'update audit_logs set action = action',
    'delete from audit_logs',
    'truncate audit_logs',
    'alter table audit_logs disable trigger all',
    'drop table audit_logs',
    'delete from audit_details',
    'update streams set id = id',
    'create table more (id int)',
    'set role silver_owner',
    'create role another',
  ])('lets the service never %s', async (statement) => {
    const refused = withClient(appUrl(), (client) => client.query(statement))
    await expect(refused).rejects.toThrow(/permission denied|must be owner/)
  })

  it('lets nobody else into the database', async () => {
    await withClient(server.superuserUrl, (client) =>
      client.query("create role stranger login password 'stranger'"),
    )
    const refused = withClient(urlOf('stranger', 'stranger'), (client) => client.query('select 1'))
    await expect(refused).rejects.toThrow(/permission denied for database/)
  })

  it('fails where the roles are there already, and logs no password', async () => {
    const { code, output } = await initialize()
    expect(code).toBe(3)
    expect(output).toMatch(/role "silver_owner" already exists/)
    for (const password of Object.values(passwords)) {
      expect(output).not.toContain(password)
      expect(log.join('\n')).not.toContain(password.slice(0, 6))
    }
  })
})
