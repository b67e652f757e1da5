import { randomUUID } from 'node:crypto'
import http from 'node:http'
import { type Claims, type Header, type Keys, sign, signWithNothing, signWithSecret } from './keys.ts'

export type LogoutTokenOptions = {
  sub?: string
  /** By default that of the person's newest session. */
  sid?: string
  /** Laid over the right claims; `undefined` takes one away. */
  claims?: Claims
  /** Laid over `typ: logout+jwt`, `alg` and `kid`; `undefined` takes one away. */
  header?: Header
  /** `stranger` signs under our key's kid; `nobody` is `alg: none`; `secret` is HS256 with the client secret. */
  signedBy?: 'us' | 'stranger' | 'nobody' | 'secret'
  /** The same token as was made or sent last, to the byte. */
  replay?: boolean
}

type Setup = { issuer: string; clientId: string; clientSecret: string; keys: Keys }

/** The claims of Authentik: iss, aud, iat, exp, jti, events, and whose session ends. */
export function makeLogoutToken(setup: Setup, options: LogoutTokenOptions): Promise<string> | string {
  const iat = Math.floor(Date.now() / 1000)
  const claims = {
    iss: setup.issuer,
    aud: setup.clientId,
    iat,
    exp: iat + 120,
    jti: randomUUID(),
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    sub: options.sub,
    sid: options.sid,
    ...options.claims,
  }
  const header = { typ: 'logout+jwt', ...options.header }
  const { keys } = setup
  switch (options.signedBy ?? 'us') {
    case 'us':
      return sign(claims, keys.current(), header)
    case 'stranger':
      return sign(claims, keys.stranger, { kid: keys.current().kid, ...header })
    case 'nobody':
      return signWithNothing(claims, header)
    case 'secret':
      return signWithSecret(claims, setup.clientSecret, header)
  }
}

/** Posts a form on a connection of its own, follows no redirect, and resolves with the status that came back. */
export function postForm(url: string, body: URLSearchParams): Promise<{ status: number }> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return new Promise((resolve, reject) => {
    http
      .request(url, { method: 'POST', agent: false, headers }, (response) => {
        response.resume().on('end', () => resolve({ status: response.statusCode ?? 0 }))
        response.on('error', reject)
      })
      .on('error', reject)
      .end(body.toString())
  })
}
