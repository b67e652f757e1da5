import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { createSeqnAuthClient, memoryStorage } from '../src/index.ts'
import { openPage } from './support/page.ts'
import { publishableKey, startStandIn, user } from './support/stand-in.ts'
import { thrownBy } from './support/thrown.ts'

const redirectUrl = 'https://app.example.com/welcome?tab=1'
const exchange = 'POST /v1/client/sessions/exchange'

async function startClient() {
  const service = await startStandIn()
  const options = { baseUrl: service.url, publishableKey }
  return { service, options, client: createSeqnAuthClient(options) }
}

it('asks for a code with state and the S256 challenge of its verifier', async () => {
  const { client, service } = await startClient()
  const url = new URL(await client.signIn.start({ redirectUrl }))
  const { state, code_challenge: challenge, ...rest } = Object.fromEntries(url.searchParams)
  expect(url.origin + url.pathname).toBe(`${service.url}/sign-in`)
  expect(rest).toEqual({ publishable_key: publishableKey, redirect_url: redirectUrl })
  expect(state).toMatch(/^[\w-]{43}$/)
  await client.signIn.finish(service.signIn(url.href))
  const { codeVerifier = '' } = service.callsOf(exchange)[0]?.body ?? {}
  expect(codeVerifier).toMatch(/^[\w-]{43}$/)
  expect(createHash('sha256').update(codeVerifier).digest('base64url')).toBe(challenge)
  expect((await client.session.get())?.user).toEqual(user)
})

it('starts a sign-up on its own page', async () => {
  const { client } = await startClient()
  expect(await client.signIn.start({ redirectUrl, signUp: true })).toContain('/sign-up?publishable_key=')
})

it('leaves the page, comes back and cleans the address', async () => {
  const { client, service } = await startClient()
  const page = openPage('https://app.example.com/')
  const url = await client.signIn.start({ redirectUrl, navigate: false })
  expect(page.left).toEqual([])
  expect(await client.signIn.start({ redirectUrl })).not.toBe(url)
  expect(page.left).toHaveLength(1)
  page.href = service.signIn(page.left[0] ?? '')
  expect((await client.signIn.finish())?.user).toEqual(user)
  expect(page.href).toBe(redirectUrl)
})

it('keeps session and sign-in in the storages of a page', async () => {
  const page = openPage('https://app.example.com/')
  const { client, service } = await startClient()
  await client.signIn.start({ redirectUrl })
  expect(page.sessionStorage.keys()).toEqual([expect.stringMatching(/^seqn_auth_sign_in:/)])
  await client.signIn.finish(service.signIn(page.left[0] ?? ''))
  expect(page.sessionStorage.keys()).toEqual([])
  expect(page.localStorage.keys()).toEqual([`seqn_auth:${publishableKey}`])
})

it('finds nothing to finish at any other address', async () => {
  const { client, service } = await startClient()
  expect(await client.signIn.finish('https://app.example.com/?tab=1')).toBeNull()
  expect(service.calls).toEqual([])
})

it.each([
  'state=CA',
  'state=CA&tab=1',
  'code=SUMMER',
  'code=SUMMER&state=',
  'error=404',
  'error=404&state=CA',
  'code=&state=CA',
])('leaves a page alone whose own address has ?%s', async (query) => {
  const page = openPage(`https://app.example.com/?${query}`)
  const { client, service } = await startClient()
  await client.signIn.start({ redirectUrl })
  expect(await client.signIn.finish()).toBeNull()
  expect(page.href).toBe(`https://app.example.com/?${query}`)
  expect(page.sessionStorage.keys()).toHaveLength(1)
  expect(service.calls).toEqual([])
})

it('leaves an address alone that has the state of a departure, and neither code nor error', async () => {
  const page = openPage('https://app.example.com/')
  const { client, service } = await startClient()
  const url = service.signIn(await client.signIn.start({ redirectUrl }))
  const without = new URL(url)
  without.searchParams.delete('code')
  page.href = without.href
  expect(await client.signIn.finish()).toBeNull()
  expect(page.href).toBe(without.href)
  expect((await client.signIn.finish(url))?.user).toEqual(user)
})

it('refuses a code with a state that is unknown here, and cleans the address', async () => {
  const page = openPage('https://app.example.com/')
  const { client, service } = await startClient()
  const url = new URL(service.signIn(await client.signIn.start({ redirectUrl })))
  url.searchParams.set('state', 'x'.repeat(43))
  page.href = url.href
  expect((await thrownBy(() => client.signIn.finish())).code).toBe('invalid_state')
  expect(page.href).toBe(redirectUrl)
  expect(service.callsOf(exchange)).toEqual([])
})

it('says that the person pressed Cancel, once, and cleans the address', async () => {
  const page = openPage('https://app.example.com/')
  const { client, service } = await startClient()
  const url = new URL(service.signIn(await client.signIn.start({ redirectUrl })))
  url.searchParams.delete('code')
  url.searchParams.set('error', 'access_denied')
  page.href = url.href
  const refused = { code: 'sign_in_refused', apiCode: 'access_denied' }
  const twice = [client.signIn.finish(url), client.signIn.finish(url)]
  for (const finished of twice) expect(await thrownBy(() => finished)).toMatchObject(refused)
  expect(page.href).toBe(redirectUrl)
  expect(await client.signIn.finish(url)).toBeNull()
  expect(service.callsOf(exchange)).toEqual([])
})

it('finishes two tabs in either order, each arrival once', async () => {
  const { options, service } = await startClient()
  const client = createSeqnAuthClient({ ...options, signInStorage: memoryStorage() })
  const first = service.signIn(await client.signIn.start({ redirectUrl }))
  const second = service.signIn(await client.signIn.start({ redirectUrl }))
  await client.signIn.finish(second)
  const [one, twin] = await Promise.all([client.signIn.finish(first), client.signIn.finish(first)])
  expect(one).toBe(twin)
  expect(service.callsOf(exchange)).toHaveLength(2)
  expect((await thrownBy(() => client.signIn.finish(first))).code).toBe('invalid_state')
})

it('says why the exchange failed', async () => {
  const { client, service } = await startClient()
  const url = service.signIn(await client.signIn.start({ redirectUrl }))
  service.refuseNext(exchange, 409, 'application_disabled')
  expect(await thrownBy(() => client.signIn.finish(url))).toMatchObject({ apiCode: 'application_disabled' })
  expect(await client.session.get()).toBeNull()
})

it('names the hosted pages of the project', async () => {
  const { hosted } = createSeqnAuthClient({ baseUrl: 'https://a.example', publishableKey: 'pk_live_a' })
  const query = '?publishable_key=pk_live_a&redirect_url=https%3A%2F%2Fapp.example.com%2F'
  const back = { redirectUrl: 'https://app.example.com/' }
  expect(hosted.signInUrl(back)).toBe(`https://a.example/sign-in${query}`)
  expect(hosted.signUpUrl(back)).toBe(`https://a.example/sign-up${query}`)
  expect(hosted.signOutUrl(back)).toBe(`https://a.example/sign-out${query}`)
  expect(hosted.signOutUrl()).toBe('https://a.example/sign-out?publishable_key=pk_live_a')
})
