import { describe, expect, it, vi } from 'vitest'
import { createSeqnAuthClient, memoryStorage } from '../src/index.ts'
import { publishableKey, startStandIn, user } from './support/stand-in.ts'
import { thrownBy } from './support/thrown.ts'

const refresh = 'POST /v1/client/sessions/refresh'
const revoke = 'POST /v1/client/sessions/revoke'
const me = 'GET /v1/me'
const redirectUrl = 'https://app.example.com/'

async function signedIn({ expiresIn = 900 } = {}) {
  const service = await startStandIn()
  service.setExpiresIn(expiresIn)
  const storage = memoryStorage()
  const tab = () => createSeqnAuthClient({ baseUrl: service.url, publishableKey, storage })
  const client = tab()
  await client.signIn.finish(service.signIn(await client.signIn.start({ redirectUrl })))
  service.setExpiresIn(900)
  return { service, storage, client, tab }
}

const fifty = <Result>(work: () => Promise<Result>) => Promise.all(Array.from({ length: 50 }, work))

describe('refresh', () => {
  it.each(['with', 'without'])('is one for fifty calls %s Web Locks', async (locks) => {
    if (locks === 'without') vi.stubGlobal('navigator', undefined)
    const { client, service } = await signedIn({ expiresIn: 0 })
    const sessions = await fifty(() => client.session.get())
    vi.unstubAllGlobals()
    expect(service.callsOf(refresh)).toHaveLength(1)
    expect(new Set(sessions.map((session) => session?.accessToken)).size).toBe(1)
    expect(sessions[0]?.user).toEqual(user)
  })

  it('is one for fifty calls of getMe', async () => {
    const { client, service } = await signedIn({ expiresIn: 0 })
    expect(await fifty(async () => (await client.getMe())?.user.id)).toEqual(Array(50).fill(user.id))
    expect(service.callsOf(refresh)).toHaveLength(1)
    expect(service.callsOf(me)).toHaveLength(50)
  })

  it.each(['with', 'without'])('is one for several tabs %s Web Locks', async (locks) => {
    if (locks === 'without') vi.stubGlobal('navigator', undefined)
    const { tab, service } = await signedIn({ expiresIn: 0 })
    const tabs = Array.from({ length: 5 }, tab)
    const sessions = await Promise.all(tabs.map(({ session }) => session.get()))
    vi.unstubAllGlobals()
    expect(service.callsOf(refresh)).toHaveLength(1)
    expect(new Set(sessions.map((session) => session?.sessionToken)).size).toBe(1)
  })

  it('happens only when it is due, or asked for', async () => {
    const { client, service } = await signedIn()
    const before = await client.session.get()
    expect(service.callsOf(refresh)).toEqual([])
    const after = await client.session.refresh()
    expect(after?.sessionToken).not.toBe(before?.sessionToken)
    expect(await client.session.get()).toEqual(after)
  })

  it('works where Web Locks are forbidden', async () => {
    const request = () => Promise.reject(new DOMException('opaque origin', 'SecurityError'))
    vi.stubGlobal('navigator', { locks: { request } })
    const { client, service } = await signedIn({ expiresIn: 0 })
    await fifty(() => client.session.get())
    vi.unstubAllGlobals()
    expect(service.callsOf(refresh)).toHaveLength(1)
  })

  it('asks again with the same token when the answer is lost', async () => {
    const { client, service } = await signedIn({ expiresIn: 0 })
    service.next(refresh, 'hang up')
    expect((await client.session.get())?.user).toEqual(user)
    const tokens = service.callsOf(refresh).map(({ body }) => body.sessionToken)
    expect(tokens).toHaveLength(2)
    expect(tokens[0]).toBe(tokens[1])
  })

  it('asks again when half of the answer is lost', async () => {
    const { client, service } = await signedIn({ expiresIn: 0 })
    service.next(refresh, { body: '{"sessionToken":"q3Jm0f2x5V8b1N6c' })
    expect((await client.session.get())?.user).toEqual(user)
    expect(service.callsOf(refresh)).toHaveLength(2)
  })

  it('keeps the session when the service stays down', async () => {
    const { client, service } = await signedIn({ expiresIn: 0 })
    service.next(refresh, { status: 503 }, { status: 503 }, { status: 503 })
    expect(await thrownBy(() => client.session.get())).toMatchObject({ status: 503 })
    expect((await client.session.get())?.user).toEqual(user)
  })

  it('asks for fifty calls as often as for one while the service is down', async () => {
    const { client, service } = await signedIn({ expiresIn: 0 })
    service.next(refresh, { status: 503 }, { status: 503 }, { status: 503 })
    await thrownBy(() => fifty(() => client.session.get()))
    expect(service.callsOf(refresh)).toHaveLength(3)
  })

  it('goes on with a token that is merely due when the service is down', async () => {
    const { client, service } = await signedIn({ expiresIn: 20 })
    service.next(refresh, { status: 503 }, { status: 503 }, { status: 503 })
    expect((await client.session.get())?.user).toEqual(user)
  })

  it('keeps the session when it is asked too often, and does not ask again', async () => {
    const { client, service } = await signedIn({ expiresIn: 0 })
    service.refuseNext(refresh, 429, 'rate_limited')
    expect(await thrownBy(() => client.session.get())).toMatchObject({ apiCode: 'rate_limited' })
    expect(service.callsOf(refresh)).toHaveLength(1)
    expect(await client.session.get()).not.toBeNull()
  })

  it('signs out when the session has ended', async () => {
    const { client, service } = await signedIn({ expiresIn: 0 })
    service.live.clear()
    expect(await fifty(() => client.session.get())).toEqual(Array(50).fill(null))
    expect(await client.getMe()).toBeNull()
    expect(service.callsOf(refresh)).toHaveLength(1)
  })
})

describe('getMe', () => {
  it('refreshes once when its token is refused', async () => {
    const { client, service } = await signedIn()
    service.refuseNext(me, 401, 'authentication_required')
    expect((await client.getMe())?.user).toEqual(user)
    expect(service.callsOf(refresh)).toHaveLength(1)
    service.next(me, { status: 401 }, { status: 401 })
    expect(await thrownBy(() => client.getMe())).toMatchObject({ status: 401 })
  })

  it('answers null when nobody is signed in, and asks nobody', async () => {
    const { url: baseUrl, calls } = await startStandIn()
    expect(await createSeqnAuthClient({ baseUrl, publishableKey }).getMe()).toBeNull()
    expect(calls).toEqual([])
  })
})

describe('end', () => {
  it('ends the session here and there', async () => {
    const { client, service, tab } = await signedIn()
    await client.session.end()
    expect(service.live.size).toBe(0)
    expect(await tab().session.get()).toBeNull()
    await client.session.end()
    expect(service.callsOf(revoke)).toHaveLength(1)
  })

  it('is not undone by a refresh that was under way', async () => {
    const { client, service } = await signedIn({ expiresIn: 0 })
    await Promise.all([client.session.get(), client.session.end()])
    expect(await client.session.get()).toBeNull()
    expect(service.live.size).toBe(0)
  })

  it('signs out here also when the service is down, and says so', async () => {
    const { client, service } = await signedIn()
    service.next(revoke, 'hang up')
    expect((await thrownBy(() => client.session.end())).code).toBe('seqn_auth_network_error')
    expect(await client.session.get()).toBeNull()
  })
})

it.each(['', 'null', '7', '{', '{"sessionToken":"a"}', '[]'])(
  'takes a stored %s for signed out',
  async (text) => {
    const { client, storage } = await signedIn()
    await storage.set(`seqn_auth:${publishableKey}`, text)
    expect(await client.session.get()).toBeNull()
  },
)
