import { existsSync } from 'node:fs'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { call } from '../support/http.ts'
import {
  eventually,
  freePort,
  plainEnvironment,
  processesWith,
  projectRoot,
  run,
  start,
} from '../support/spawned.ts'

const nobody = 65_534
const isRoot = process.getuid?.() === 0
const clones: string[] = []

afterAll(async () => {
  for (const clone of clones) await rm(clone, { recursive: true, force: true })
})

type Reader = { name: string; install: string; uid: number | undefined }

const readers: Reader[] = [
  { name: 'the present user', install: 'npm ci', uid: undefined },
  ...(isRoot
    ? [
        {
          name: 'an unprivileged user, without install scripts',
          install: 'npm ci --ignore-scripts',
          uid: nobody,
        },
      ]
    : []),
]

describe.each(readers)('the README followed by $name', ({ install, uid }) => {
  it('starts twice from a clean clone, with keys that work as printed, and leaves nothing behind', async () => {
    const home = await mkdtemp(path.join(tmpdir(), 'silver-clone-'))
    clones.push(home)
    if (uid !== undefined) await chown(home, uid, uid)
    const marker = `SILVER_TEST_RUN=${path.basename(home)}`
    const port = await freePort()
    const env = plainEnvironment({ HOME: home, SILVER_TEST_RUN: path.basename(home), PORT: String(port) })
    if (uid !== undefined) env.npm_config_cache = path.join(home, 'cache')
    const as = { env, ...(uid === undefined ? {} : { uid, gid: uid }) }
    const clone = path.join(home, 'silver-auth')
    expect((await run('git', ['clone', '--quiet', projectRoot, clone], { cwd: home })).output).toBe('')
    if (uid !== undefined) await run('chown', ['-R', `${uid}:${uid}`, clone], {})

    const first = start('sh', ['-c', `${install} && npm start`], { ...as, cwd: clone })
    await first.until(/is ready on (\S+) \(node v24\./)
    await first.until(/curl -si \S+\/auth\/console/)
    const printed = first.output()
    const commands = printed.split('\n').filter((line) => line.trim().startsWith('curl '))
    expect(commands).toHaveLength(3)
    const [config, key, entrance] = await Promise.all(
      commands.map((command) => run('sh', ['-c', command], { env, cwd: home })),
    )
    expect(config?.output).toContain('"publishableKey"')
    expect(key?.output).toContain('"ok":true')
    expect(entrance?.output).toMatch(/^HTTP\/1\.1 303[\s\S]*location: \/sign-in/m)

    const password = /Password\s+(\S+)/.exec(printed)?.[1]
    const signIn = `curl -s -X POST http://127.0.0.1:${port}/v1/auth/login -H 'Content-Type: application/json' -d '${JSON.stringify({ email: 'owner@example.com', password })}'`
    expect((await run('sh', ['-c', signIn], { env, cwd: home })).output).toContain('"status":"success"')
    await startsWithOneCommand(clone, printed, as)
    await stopped(first, clone, marker)

    const second = start('npm', ['start'], { ...as, cwd: clone })
    await second.until(/is ready on/)
    expect(second.output()).not.toContain('demonstration')
    expect((await run('sh', ['-c', commands[1] ?? ''], { env, cwd: home })).output).toContain('"ok":true')
    await stopped(second, clone, marker)
  })
})

/** The SDK's check passes with the printed keys, and each example starts with them; what it needs is built on the way. */
async function startsWithOneCommand(clone: string, printed: string, as: { env: NodeJS.ProcessEnv }) {
  const [, baseUrl] = /is ready on (\S+)/.exec(printed) ?? []
  const [, publishableKey] = /Publishable key\s+(\S+)/.exec(printed) ?? []
  const [, secretKey] = /Secret key\s+(\S+)/.exec(printed) ?? []
  const keys = {
    SEQN_AUTH_BASE_URL: baseUrl,
    SEQN_AUTH_PUBLISHABLE_KEY: publishableKey,
    SEQN_AUTH_SECRET_KEY: secretKey,
  }
  for (const name of ['seqn-auth-express', 'seqn-auth-vanilla']) {
    await rm(path.join(clone, 'packages/seqn-auth-js/dist'), { recursive: true, force: true })
    const port = await freePort()
    const env = { ...as.env, ...keys, PORT: String(port) }
    const example = start('npm', ['start'], { ...as, env, cwd: path.join(clone, 'examples', name) })
    await example.until(/comes back to/)
    const page = await call(port, { path: '/' })
    expect([name, page.status, page.text.includes('<h1>')]).toEqual([name, 200, true])
    process.kill(-(example.child.pid ?? 0), 'SIGINT')
    await example.exited
  }
  const env = { ...as.env, ...keys }
  const smoke = await run('npm', ['run', 'smoke'], {
    ...as,
    env,
    cwd: path.join(clone, 'packages/seqn-auth-js'),
  })
  expect(smoke.output).toMatch(/(^ok .*\n){4}/m)
  expect(smoke.code).toBe(0)
}

/** Ctrl-C reaches the whole process group of the terminal; then neither service nor database may be there any more. */
async function stopped(service: ReturnType<typeof start>, clone: string, marker: string): Promise<void> {
  process.kill(-(service.child.pid ?? 0), 'SIGINT')
  await service.exited
  await eventually(() => processesWith(marker).length === 0, 'no process of the run is left')
  await eventually(
    () => !existsSync(path.join(clone, '.data', 'postgres', 'postmaster.pid')),
    'the database has stopped',
  )
}
