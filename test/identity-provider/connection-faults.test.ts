import { once } from 'node:events'
import http from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  type IdentityProvider,
  startIdentityProvider,
} from '../support/identity-provider/identity-provider.ts'
import { type RelyingParty, redirectUri, startRelyingParty } from './relying-party.ts'

let provider: IdentityProvider
let app: RelyingParty

const start = () => startIdentityProvider({ redirectUris: [redirectUri], postLogoutRedirectUris: [] })
beforeAll(async () => {
  provider = await start()
  app = await startRelyingParty(provider)
})
afterEach(() => provider.misbehave(undefined))
afterAll(() => provider.stop())

describe.each(['discovery', 'token', 'jwks', 'userinfo'] as const)('connections to %s', (endpoint) => {
  const target = () => {
    const { token_endpoint = '', jwks_uri = '', userinfo_endpoint = '' } = app.config.serverMetadata()
    const discovery = `${provider.issuer}.well-known/openid-configuration`
    return { discovery, token: token_endpoint, jwks: jwks_uri, userinfo: userinfo_endpoint }[endpoint]
  }
  const ask = (more: RequestInit = {}) =>
    fetch(target(), { method: endpoint === 'token' ? 'POST' : 'GET', redirect: 'manual', ...more })
  const streamed = () =>
    http.request(target(), { method: endpoint === 'token' ? 'POST' : 'GET', agent: false })

  it('500', async () => {
    provider.misbehave(`${endpoint}-500`)
    const answer = await ask()
    expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining('<script>')])
  })

  it('garbage', async () => {
    provider.misbehave(`${endpoint}-garbage`)
    const answer = await ask()
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      'application/json; charset=utf-8',
    ])
    await expect(answer.json()).rejects.toThrow(SyntaxError)
  })

  it('huge', async () => {
    const right = (await (await ask()).json()) as object
    provider.misbehave(`${endpoint}-huge`)
    const { padding, ...rest } = (await (await ask()).json()) as { padding: string }
    expect(padding.length).toBe(32 * 1024 * 1024)
    expect(rest).toEqual(right)
  })

  it('hangs', async () => {
    provider.misbehave(`${endpoint}-hangs`)
    const controller = new AbortController()
    let answered = false
    const hanging = ask({ signal: controller.signal }).then(() => {
      answered = true
    })
    const arrived = provider.requests.length
    while (provider.requests.length === arrived) await fetch(new URL('/', provider.issuer))
    for (let round = 0; round < 3; round++) await fetch(new URL('/', provider.issuer))
    expect(answered).toBe(false)
    controller.abort()
    await expect(hanging).rejects.toThrow('aborted')
  })

  it('drips', async () => {
    provider.misbehave(`${endpoint}-drips`)
    const request = streamed().end()
    const [answer] = (await once(request, 'response')) as [http.IncomingMessage]
    let heard = ''
    for await (const chunk of answer) {
      heard += chunk
      if (heard.endsWith('xx')) break // leaving the loop destroys the connection
    }
    expect([answer.statusCode, heard]).toEqual([200, '{"padding":"xx'])
  })

  it('resets', async () => {
    provider.misbehave(`${endpoint}-resets`)
    const request = streamed().end()
    const [error] = await once(request, 'error').catch((failure) => [failure])
    expect(error).toMatchObject({ code: 'ECONNRESET' })
  })

  it('redirect', async () => {
    provider.misbehave(`${endpoint}-redirect`)
    const { origin, requests } = provider.elsewhere
    const answer = await ask()
    expect([answer.status, answer.headers.get('location')]).toEqual([
      302,
      origin + new URL(target()).pathname,
    ])
    expect(requests).toEqual([])
    await ask({ redirect: 'follow' })
    expect(requests.splice(0)).toEqual([{ method: 'GET', path: new URL(target()).pathname }])
  })
})

it('closes hanging and dripping connections at once when it is stopped', async () => {
  const other = await start()
  const jwks = () => http.get(`${other.issuer}jwks/`)
  other.misbehave('jwks-drips')
  const dripping = jwks()
  const [answer] = (await once(dripping, 'response')) as [http.IncomingMessage]
  other.misbehave('jwks-hangs')
  const hanging = jwks()
  await once(hanging, 'finish')
  const ended = [once(answer.resume(), 'error'), once(hanging, 'error')].map((end) =>
    end.catch((error) => [error]),
  )
  await other.stop()
  for (const [error] of await Promise.all(ended)) expect(error).toMatchObject({ code: 'ECONNRESET' })
  await expect(fetch(other.issuer)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
})
