import http from 'node:http'
import type { AddressInfo } from 'node:net'
import * as jose from 'jose'
import * as openid from 'openid-client'
import {
  type CookieJar,
  type IdentityProvider,
  signInAt,
} from '../support/identity-provider/identity-provider.ts'

export const redirectUri = 'http://app.test/auth/callback'
export const goodbyeUri = 'http://app.test/goodbye'

const checks = { expectedState: 'the-state', expectedNonce: 'the-nonce' }
const pkceCodeVerifier = openid.randomPKCECodeVerifier()

/** An application of somebody else's making: openid-client as its documentation says, ID tokens verified. */
export async function startRelyingParty(provider: IdentityProvider) {
  const execute = [openid.allowInsecureRequests, openid.enableNonRepudiationChecks]
  const { issuer, clientId, clientSecret } = provider
  const config = await openid.discovery(new URL(issuer), clientId, clientSecret, undefined, { execute })
  const { token_endpoint: tokenEndpoint = '', jwks_uri: jwksUri = '' } = config.serverMetadata()

  async function authorizeUrl(more: Record<string, string> = {}): Promise<string> {
    const challenge = await openid.calculatePKCECodeChallenge(pkceCodeVerifier)
    return openid.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: 'openid email profile',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...more,
    }).href
  }
  const callback = async (sub: string, jar?: CookieJar, more?: Record<string, string>) =>
    signInAt(provider, await authorizeUrl(more), sub, jar)
  const finish = (callbackUrl: string) =>
    openid.authorizationCodeGrant(config, new URL(callbackUrl), { ...checks, pkceCodeVerifier })

  return {
    config,
    authorizeUrl,
    callback,
    finish,
    /** The ID token's claims after a whole sign-in. */
    async claims(sub: string, jar?: CookieJar, more?: Record<string, string>) {
      return (await finish(await callback(sub, jar, more))).claims()
    },
    /** Exchanges a code without looking at the answer as a library would. */
    async rawExchange(callbackUrl: string): Promise<Response> {
      const body = new URLSearchParams({
        grant_type: 'authorization_code',
        code: new URL(callbackUrl).searchParams.get('code') ?? '',
        redirect_uri: redirectUri,
        client_id: clientId,
        client_secret: clientSecret,
        code_verifier: pkceCodeVerifier,
      })
      return fetch(tokenEndpoint, { method: 'POST', body, redirect: 'manual' })
    },
    /** Whether a token's signature is one of the provider's; rejects with jose's error if not. */
    verify: (token: string, options?: jose.JWTVerifyOptions) =>
      jose.jwtVerify(token, jose.createRemoteJWKSet(new URL(jwksUri)), options),
  }
}

export type RelyingParty = Awaited<ReturnType<typeof startRelyingParty>>

/** A real server that takes back-channel logout tokens and answers with a status of the test's choice. */
export async function startLogoutListener() {
  const tokens: string[] = []
  const listener = { status: 200, tokens, url: '', stop }
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const form = new URLSearchParams(Buffer.concat(chunks).toString())
    tokens.push(form.get('logout_token') ?? '')
    response.writeHead(listener.status).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  listener.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/backchannel-logout`
  function stop() {
    server.close()
    server.closeAllConnections()
  }
  return listener
}
