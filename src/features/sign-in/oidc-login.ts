import * as openid from 'openid-client'
import type { SignedInUser } from '../../actors.ts'
import type { Context } from '../../context.ts'
import { sha256 } from '../../lib/secrets.ts'
import { oidcSettings, reachProvider } from './oidc-client.ts'
import { insertState } from './queries.ts'

/** What must be known again when the browser comes back; nobody reads it on the way. An address can hold a token. */
export type Secrets = { nonce: string; codeVerifier: string; redirectUrl?: string | undefined }

/** How long a state lives; the default of `oidc_states.expires_at`. */
export const stateMinutes = 10
// Has providers tell `auth_time`, and ask even where they do not know `prompt`. Authentik ignores 0.
const stepUpMaxAge = '60'

export const statePurpose = (stateHash: Buffer) => `oidc_states:${stateHash.toString('hex')}`

type Beginning = {
  /** The token of this browser, which has to show it again. */
  browserToken: string
  redirectUrl: string | undefined
  /** The provider asks for a factor even of somebody whom it knows. */
  isStepUp: boolean
  /** Who steps up; nobody when it is a first sign-in. */
  user: SignedInUser | undefined
}

/** Begins a sign-in at the provider and returns the address to send the browser to. Nothing in it comes from the caller. */
export async function beginSignIn(
  ctx: Context,
  { browserToken, redirectUrl, ...begun }: Beginning,
): Promise<URL> {
  const client = await reachProvider(ctx)
  const state = openid.randomState()
  const nonce = openid.randomNonce()
  const codeVerifier = openid.randomPKCECodeVerifier()
  const stateHash = sha256(state)
  await insertState(ctx.db, {
    state_hash: stateHash,
    browser_hash: sha256(browserToken),
    sealed: ctx.seal(
      statePurpose(stateHash),
      JSON.stringify({ nonce, codeVerifier, redirectUrl } satisfies Secrets),
    ),
    redirect_url: null,
    step_up_session_id: begun.isStepUp ? (begun.user?.sessionId ?? null) : null,
  })
  return openid.buildAuthorizationUrl(client, {
    redirect_uri: `${ctx.config.publicBaseUrl}/auth/callback`,
    scope: oidcSettings(ctx).scopes.join(' '),
    state,
    nonce,
    code_challenge: await openid.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
    ...(begun.isStepUp && { prompt: 'login', max_age: stepUpMaxAge }),
  })
}
