import { setImmediate as turn } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { listenForChanges, type Notices } from '../../src/db/notices.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { eventually, projectRoot, run } from '../support/spawned.ts'
import { startSwallowingPooler } from '../support/swallowing-pooler.ts'

let database: TestDatabase
let opened: Database
let superuser: pg.Client
let proxy: FaultProxy
let notices: Notices
let heard: string[]
let gaps: number
let troubles: string[]

beforeAll(async () => {
  database = await createTestDatabase(inject('postgres'))
  opened = openDatabase({ url: database.appUrl, poolMax: 2, onLostConnection: () => undefined })
  superuser = new pg.Client({ connectionString: database.superuserUrl })
  await superuser.connect()
})
beforeEach(async () => {
  proxy = await startFaultProxy(database.appUrl)
  heard = []
  gaps = 0
  troubles = []
})
afterEach(async () => {
  vi.useRealTimers()
  await notices.stop()
  await proxy.stop()
})
afterAll(async () => {
  await superuser.end()
  await opened.close()
  await database.drop()
})

const listen = (url: string) => {
  notices = listenForChanges({
    db: opened.db,
    url,
    onChange: (tag) => heard.push(tag),
    onGap: () => gaps++,
    onTrouble: (error) => troubles.push(String(error)),
  })
}

const notify = (tag: string) => superuser.query('select pg_notify($1, $2)', ['silver_auth_changed', tag])
const untilComplete = () => eventually(() => notices.areComplete(), 'everything is heard of')
const untilIncomplete = () => eventually(() => !notices.areComplete(), 'something may be missed')

/** How long `stop` took; fails where it would not come to an end. */
async function stopped(): Promise<number> {
  const begunAt = performance.now()
  await notices.stop()
  return performance.now() - begunAt
}

describe('what is committed', () => {
  it('is heard of, by whomever, and what is taken back is not', async () => {
    listen(database.appUrl)
    await untilComplete()
    await notify('user:one')
    await superuser.query('begin')
    await notify('user:taken-back')
    await superuser.query('rollback')
    await notify('user:two')
    await notices.catchUp()
    expect(heard).toEqual(['user:one', 'user:two'])
    expect({ gaps, troubles }).toEqual({ gaps: 1, troubles: [] })
  })

  it('may be missing until the first connection has proved itself', async () => {
    listen(proxy.url)
    expect(notices.areComplete()).toBe(false)
    await notices.catchUp()
    expect(notices.areComplete()).toBe(false)
    await untilComplete()
    expect(gaps).toBe(1)
  })
})

describe('a lost connection', () => {
  it.each([
    ['cut', () => proxy.cut()],
    ['reset', () => proxy.cut('reset')],
    [
      'terminated by the server',
      () =>
        superuser.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'silver-auth notices'`,
        ),
    ],
  ])('that is %s is a gap, told once, and mended', async (_how, lose) => {
    listen(proxy.url)
    await untilComplete()
    await lose()
    await eventually(() => gaps === 2, 'the gap is reported')
    await untilComplete()
    await notify('user:after')
    await notices.catchUp()
    expect(heard).toEqual(['user:after'])
    expect(troubles).toEqual(['Error: the connection for notices was lost'])
  })

  it('is told of once, however long nobody can connect', async () => {
    listen(proxy.url)
    await untilComplete()
    await proxy.refuse()
    await untilIncomplete()
    await eventually(() => troubles.length > 0, 'trouble is told')
    // Two tries and more.
    const begunAt = performance.now()
    while (performance.now() < begunAt + 1_200) await turn()
    expect(troubles).toHaveLength(1)
    expect(notices.areComplete()).toBe(false)
    await proxy.heal()
    await untilComplete()
    expect(gaps).toBe(2)
  })
})

describe('a black hole', () => {
  it.each(['both', 'to client', 'to server'] as const)(
    'in %s is not trusted a second later, and left for a new connection',
    async (direction) => {
      listen(proxy.url)
      await untilComplete()
      proxy.goSilent({ direction })
      const silentAt = performance.now()
      await notify('user:missed')
      while (notices.areComplete()) await turn()
      expect(performance.now() - silentAt).toBeLessThan(1_000)
      expect(gaps).toBe(1)
      await proxy.heal()
      await eventually(() => gaps === 2, 'the gap is reported')
      await untilComplete()
    },
  )

  it('is found by itself, without a reset from anybody', async () => {
    listen(proxy.url)
    await untilComplete()
    const [first] = proxy.links
    proxy.goSilent({ only: (link) => link === first })
    await untilIncomplete()
    await eventually(() => gaps === 2, 'a new connection is made')
    await untilComplete()
  })
})

describe('a pooler that swallows notices', () => {
  it('is never trusted, and named as a suspect', async () => {
    const pooler = await startSwallowingPooler(database.appUrl)
    listen(pooler.url)
    let wasTrusted = false
    await eventually(() => {
      wasTrusted ||= notices.areComplete()
      return pooler.swallowed() >= 2
    }, 'two proofs were swallowed')
    expect(wasTrusted || notices.areComplete()).toBe(false)
    expect(gaps).toBe(0)
    expect(troubles).toEqual([expect.stringContaining('is there a pooler')])
    expect(await stopped()).toBeLessThan(1_000)
    await pooler.stop()
  })
})

describe('stop', () => {
  it.each([
    ['well and asked for', () => untilComplete()],
    ['not connected yet', async () => undefined],
    ['refused', () => proxy.refuse()],
    [
      'black-holed while nobody asks',
      async () => {
        await eventually(() => gaps === 1, 'it listens')
        proxy.goSilent()
      },
    ],
    [
      'black-holed with a probe out',
      async () => {
        await untilComplete()
        proxy.goSilent()
        await untilIncomplete()
      },
    ],
    [
      'black-holed before it listens',
      async () => {
        proxy.goSilent()
        await eventually(() => proxy.links.size > 0, 'it connects')
      },
    ],
    [
      'waiting for the proof',
      async () => {
        const hold = proxy.setTrap({
          matches: ({ text }) => text.startsWith('listen'),
          verdict: () => new Promise(() => undefined),
        })
        await hold.caught
      },
    ],
  ])('is prompt where the connection is %s', async (_state, prepare) => {
    listen(proxy.url)
    await prepare()
    expect(await stopped()).toBeLessThan(1_000)
    const told = troubles.length
    await turn()
    expect(troubles).toHaveLength(told)
  })

  it('is prompt where not even a goodbye is answered', async () => {
    const pooler = await startSwallowingPooler(database.appUrl)
    listen(pooler.url)
    await eventually(() => pooler.swallowed() === 1, 'it listens')
    pooler.goSilent()
    expect(await stopped()).toBeLessThan(1_000)
    await pooler.stop()
  })

  it('lets the process end', async () => {
    const script = `
      import { openDatabase } from './src/db/database.ts'
      import { listenForChanges } from './src/db/notices.ts'
      const url = process.env.URL
      const database = openDatabase({ url, poolMax: 1, onLostConnection() {} })
      const notices = listenForChanges({ db: database.db, url, onChange() {}, onGap() {}, onTrouble() {} })
      while (!notices.areComplete()) await new Promise((resolve) => setTimeout(resolve, 10))
      await notices.stop()
      await database.close()
      console.log('stopped')`
    const words = ['--input-type=module-typescript', '--eval', script]
    const ended = await run(process.execPath, words, {
      cwd: projectRoot,
      env: { ...process.env, URL: database.appUrl },
    })
    expect(ended).toEqual({ code: 0, output: 'stopped\n' })
  })
})

it('rests while nobody asks, goes on hearing, and is trusted again after one probe', async () => {
  listen(proxy.url)
  await eventually(() => gaps === 1, 'it listens')
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] })
  const probes = () => [...proxy.links].flatMap(({ texts }) => texts).filter((text) => text === 'select 1')
  expect(notices.areComplete()).toBe(false)
  await notices.catchUp()
  expect(notices.areComplete()).toBe(true)
  expect(vi.getTimerCount()).toBe(1)

  vi.advanceTimersByTime(10_250)
  await notices.catchUp()
  expect(vi.getTimerCount(), 'nothing probes any more').toBe(0)
  const atRest = probes().length
  vi.advanceTimersByTime(60_000)
  await notify('user:meanwhile')
  await notices.catchUp()
  expect(probes()).toHaveLength(atRest + 1)
  expect(heard).toEqual(['user:meanwhile'])

  expect(notices.areComplete(), 'too long ago').toBe(false)
  await notices.catchUp()
  expect(notices.areComplete()).toBe(true)
})
