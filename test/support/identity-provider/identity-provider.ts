import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'
import { type Client, configurationFor, paths } from './configuration.ts'
import { newKeys } from './keys.ts'
import { loginForms } from './login-form.ts'
import { type LogoutTokenOptions, makeLogoutToken, postForm } from './logout-tokens.ts'
import type { Misbehaviour } from './misbehaviours.ts'
import type { People, Person } from './people.ts'
import { newStore } from './store.ts'
import { type Received, wire } from './wire.ts'

export type { LogoutTokenOptions } from './logout-tokens.ts'
export { type Misbehaviour, misbehaviours } from './misbehaviours.ts'
export type { Person } from './people.ts'
export { type CookieJar, signInAt, signOutAt } from './sign-in-at.ts'
export type { Received } from './wire.ts'

export type IdentityProvider = {
  /** Ends with a slash, which is part of it. */
  issuer: string
  clientId: string
  clientSecret: string
  /** By subject; whoever is added can sign in at once. */
  people: People
  /** From the next answer on; `undefined` behaves again. */
  misbehave(how: Misbehaviour | undefined): void
  /** New tokens are signed with a new key from now on; the JWKS lists both. This is no misbehaviour. */
  rotateKey(): Promise<void>
  /** Ends all sessions of the person here and tells the client of each; resolves with what it answered. */
  logout(sub: string): Promise<{ status: number }[]>
  /** A logout token made by hand, right unless the options say otherwise; it is not sent. */
  logoutToken(options: LogoutTokenOptions): Promise<string>
  /** Lets this time pass since the person signed in here: in the browsers where they did, `auth_time` is that old. */
  age(sub: string, seconds: number): void
  /** All that reached the provider, in order. */
  requests: Received[]
  /** Another origin, where the misbehaviours ending in `-redirect` point to: nothing may ever arrive there. */
  elsewhere: { origin: string; requests: Received[] }
  /** Closes every socket at once, also those that hang. */
  stop(): Promise<void>
}

export type IdentityProviderOptions = {
  redirectUris: string[]
  postLogoutRedirectUris: string[]
  backchannelLogoutUri?: string
  port?: number
  /** By default a new one with every start. */
  clientSecret?: string
  people?: Person[]
  /** ID tokens tell who it is and no more; e-mail, name and groups are in userinfo alone, as OpenID Connect has it. */
  conformIdTokenClaims?: boolean
}

/** Starts a real OpenID provider on 127.0.0.1 that is set up like Authentik and misbehaves on command. */
export async function startIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  const server = await listen(options.port ?? 0)
  const other = await listen(0)
  const issuer = originOf(server) + paths.issuer
  const nobodyListens = `${issuer}nobody-listens`
  const client: Client = {
    id: 'silver-auth',
    secret: options.clientSecret ?? randomBytes(24).toString('hex'),
    redirectUris: options.redirectUris,
    postLogoutRedirectUris: options.postLogoutRedirectUris,
    backchannelLogoutUri: options.backchannelLogoutUri ?? nobodyListens, // without one, ID tokens have no sid
  }
  const people: People = new Map(options.people?.map((person) => [person.sub, person]))
  const keys = await newKeys()
  const store = newStore()
  const requests: Received[] = []
  const elsewhere = { origin: originOf(other), requests: [] as Received[] }
  const signer = { issuer, clientId: client.id, clientSecret: client.secret, keys }
  let how: Misbehaviour | undefined
  let lastLogoutToken: string | undefined

  async function send(logoutToken: string) {
    lastLogoutToken = logoutToken
    if (client.backchannelLogoutUri === nobodyListens) return undefined
    return postForm(client.backchannelLogoutUri, new URLSearchParams({ logout_token: logoutToken }))
  }

  async function logoutToken({ replay = false, ...wanted }: LogoutTokenOptions): Promise<string> {
    if (replay && lastLogoutToken === undefined) throw new Error('there is no logout token to replay')
    if (replay && lastLogoutToken !== undefined) return lastLogoutToken
    const sid = wanted.sub === undefined ? undefined : store.sessionsOf(wanted.sub, client.id).at(-1)?.sid
    const made = await makeLogoutToken(signer, { ...(sid !== undefined && { sid }), ...wanted })
    lastLogoutToken = made
    return made
  }

  /** oidc-provider's own refuses loopback addresses; all it ever asks for here is to deliver a logout token. */
  async function deliver(_url: unknown, init?: RequestInit): Promise<Response> {
    const token = new URLSearchParams(String(init?.body)).get('logout_token') ?? ''
    return new Response(null, { status: (await send(token))?.status ?? 204 })
  }

  const { conformIdTokenClaims = false } = options
  const provider = new Provider(
    issuer,
    configurationFor({ client, people, keys, store, fetch: deliver, conformIdTokenClaims }),
  )
  provider.silent = true // else Koa reports every connection that a client gave up
  provider.use(wire({ provider, client, keys, elsewhere: elsewhere.origin, requests, how: () => how }))
  provider.use(loginForms(provider, people))
  server.on('request', provider.callback())
  other.on('request', (request, response) => {
    elsewhere.requests.push({ method: request.method ?? '', path: request.url ?? '' })
    response.setHeader('content-type', 'application/json').end('{}')
  })

  return {
    issuer,
    clientId: client.id,
    clientSecret: client.secret,
    people,
    requests,
    elsewhere,
    logoutToken,
    rotateKey: () => keys.rotate(),
    age: (sub, seconds) => store.ageSessions(sub, seconds),
    misbehave(next) {
      how = next
    },
    async logout(sub) {
      const sessions = store.sessionsOf(sub, client.id)
      for (const { id } of sessions) await (await provider.Session.find(id))?.destroy()
      const answers = await Promise.all(
        sessions.map(async ({ sid }) => sid && send(await logoutToken({ sub, sid }))),
      )
      return answers.filter((answer) => typeof answer === 'object')
    },
    async stop() {
      await Promise.all([close(server), close(other)])
    },
  }
}

async function listen(port: number): Promise<http.Server> {
  const server = http.createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

const originOf = (server: http.Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

async function close(server: http.Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
