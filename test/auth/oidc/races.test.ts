import { describe, expect, it } from 'vitest'
import { cookieOf } from '../../support/http.ts'
import { expectErrorPage, startOidcWorld } from '../../support/oidc-world.ts'
import { whileLocked } from '../../support/while-locked.ts'

const oidc = startOidcWorld()
const { world } = oidc

const sessionsOf = async (sub: string) =>
  (await world.sql<{ count: number }>('select count(*)::int from sessions where subject = $1', [sub]))[0]
    ?.count

describe('two tabs of one browser', () => {
  it.each([
    ['in-the-same-order', [0, 1]],
    ['in-the-other-order', [1, 0]],
  ] as const)('finish %s', async (name, order) => {
    oidc.person({ sub: name })
    const browser = oidc.newBrowser()
    const paths = [
      await oidc.callbackPath(browser, name, { path: '/auth/login?redirect_url=/auth/console/first' }),
      await oidc.callbackPath(browser, name, { path: '/auth/login?redirect_url=/auth/console/second' }),
    ]
    const wanted = ['/auth/console/first', '/auth/console/second']
    for (const n of order) {
      const answer = await browser.open(paths[n] ?? '')
      expect([answer.status, answer.headers.location]).toEqual([303, wanted[n]])
    }
    expect(await sessionsOf(name)).toBe(2)
  })
})

describe('a callback', () => {
  it('opened twice makes one session', async () => {
    oidc.person({ sub: 'twice' })
    const browser = oidc.newBrowser()
    const path = await oidc.callbackPath(browser, 'twice')
    expect((await browser.open(path)).status).toBe(303)
    expectErrorPage(await browser.open(path), 400, 'sign_in_expired')
    expect(await sessionsOf('twice')).toBe(1)
    expect((await browser.open('/auth/console')).headers.location).toContain('/auth/console/')
  })

  it('opened fifteen times at once makes one session', async () => {
    oidc.person({ sub: 'fifteen' })
    const browser = oidc.newBrowser()
    const path = await oidc.callbackPath(browser, 'fifteen')
    const lock = { statement: 'select from oidc_states for update', values: [] }
    const answers = await whileLocked(world, lock, () => Array.from({ length: 15 }, () => browser.open(path)))
    const begun = answers.filter((answer) => cookieOf(answer))
    expect(begun.map(({ status }) => status)).toEqual([303])
    for (const answer of answers) if (answer !== begun[0]) expectErrorPage(answer, 400, 'sign_in_expired')
    expect(await sessionsOf('fifteen')).toBe(1)
  })

  it('is for the browser that began, and nobody else spends it', async () => {
    oidc.person({ sub: 'victim' })
    const [own, foreign, bare] = [oidc.newBrowser(), oidc.newBrowser(), oidc.newBrowser()]
    await foreign.open('/auth/login')
    const path = await oidc.callbackPath(own, 'victim')
    for (const stranger of [foreign, bare]) expectErrorPage(await stranger.open(path), 400, 'sign_in_expired')
    expect((await own.open(path)).status).toBe(303)
  })

  it('is good for ten minutes', async () => {
    oidc.person({ sub: 'late' })
    const browser = oidc.newBrowser()
    const path = await oidc.callbackPath(browser, 'late')
    const [left] = await world.sql<{ seconds: number }>(
      'select extract(epoch from max(expires_at) - now())::int as seconds from oidc_states',
    )
    expect(left?.seconds).toBeGreaterThan(580)
    expect(left?.seconds).toBeLessThanOrEqual(600)
    await world.sql(`update oidc_states set expires_at = expires_at - interval '10 minutes'`)
    expectErrorPage(await browser.open(path), 400, 'sign_in_expired')
    expect(await sessionsOf('late')).toBe(0)
  })
})

it('makes one person of first sign-ins that arrive together', async () => {
  oidc.person({ sub: 'crowd', name: 'Crowd' })
  const browsers = Array.from({ length: 8 }, () => oidc.newBrowser())
  const paths = await Promise.all(browsers.map((browser) => oidc.callbackPath(browser, 'crowd')))
  const lock = { statement: 'lock table users in exclusive mode', values: [] }
  const answers = await whileLocked(world, lock, () =>
    browsers.map((browser, n) => browser.open(paths[n] ?? '')),
  )
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(303))
  expect(
    await world.sql(`select count(distinct users.id)::int as people, count(distinct sessions.id)::int as sessions,
        count(distinct organization_id)::int as organizations
      from users join sessions on sessions.user_id = users.id join memberships on memberships.user_id = users.id
      where email = 'crowd@example.com'`),
  ).toEqual([{ people: 1, sessions: 8, organizations: 1 }])
})

it('gives one of two subjects that arrive together with one address the account', async () => {
  for (const sub of ['left', 'right']) oidc.person({ sub, email: 'shared@example.com' })
  const browsers = [oidc.newBrowser(), oidc.newBrowser()]
  const paths = [
    await oidc.callbackPath(browsers[0] ?? oidc.newBrowser(), 'left'),
    await oidc.callbackPath(browsers[1] ?? oidc.newBrowser(), 'right'),
  ]
  const lock = { statement: 'lock table users in share row exclusive mode', values: [] }
  const answers = await whileLocked(world, lock, () =>
    browsers.map((browser, n) => browser.open(paths[n] ?? '')),
  )
  expect(answers.map(({ headers }) => headers.location).sort()).toEqual([
    '/auth-error/email_in_use',
    '/auth/console',
  ])
})
