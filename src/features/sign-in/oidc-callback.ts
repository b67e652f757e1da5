import * as openid from 'openid-client'
import type { Anyone, SignedInUser } from '../../actors.ts'
import type { Context } from '../../context.ts'
import type { AppError } from '../../errors.ts'
import { sha256 } from '../../lib/secrets.ts'
import type { ReplacedSession } from '../sessions/sessions.ts'
import { counted } from './counted.ts'
import { noteFailedSignIn } from './failed-sign-ins.ts'
import { readClaims } from './oidc-claims.ts'
import { askProvider, oidcClient, oidcSettings, reasonOf, unavailable } from './oidc-client.ts'
import { signInAs, stepUpAs } from './oidc-identities.ts'
import { type Secrets, stateMinutes, statePurpose } from './oidc-login.ts'
import { takeState } from './queries.ts'
import { SignInRefused } from './sign-in-refused.ts'

type Return = {
  /** The whole query that the browser came back with. */
  query: URLSearchParams
  browserToken: string | undefined
  /** Who is signed in in this browser. */
  user: SignedInUser | undefined
  /** What a sign-in takes the place of; a step-up keeps its session. */
  browserSession: ReplacedSession | undefined
}

type Finished = { token: string; redirectUrl: string | undefined }

/** Finishes a sign-in with what the provider sent the browser back with: a session, or `SignInRefused`, or 502. */
export async function finishSignIn(ctx: Context, anyone: Anyone, came: Return): Promise<Finished> {
  return counted(ctx, 'oidc', () => judge(ctx, anyone, came))
}

async function judge(ctx: Context, anyone: Anyone, came: Return): Promise<Finished> {
  const state = await spendState(ctx, came)
  try {
    const isStepUp = state.stepUpSessionId !== null
    const { claims, idToken } = await exchangeCode(ctx, came.query, state)
    const identity = readClaims(ctx, claims, isStepUp ? state.begunAt : undefined)
    const proven = { ...identity, issuer: oidcSettings(ctx).issuer, idToken }
    const { redirectUrl } = state
    if (!isStepUp)
      return { token: (await signInAs(ctx, anyone, proven, came.browserSession)).token, redirectUrl }
    if (came.user?.sessionId !== state.stepUpSessionId)
      throw new SignInRefused('other_account', 'the session that stepped up has ended')
    return { token: await stepUpAs(ctx, came.user, proven), redirectUrl }
  } catch (error) {
    if (error instanceof SignInRefused) noteFailedSignIn(ctx, anyone, error.userId)
    throw error
  }
}

async function spendState(ctx: Context, { query, browserToken }: Return) {
  const [given, ...more] = query.getAll('state')
  const expired = new SignInRefused('sign_in_expired', 'no such state in this browser')
  if (!given || more.length > 0 || browserToken === undefined) throw expired
  const stateHash = sha256(given)
  const row = await takeState(ctx.db, stateHash, sha256(browserToken))
  if (!row) throw expired
  const secrets = JSON.parse(ctx.unseal(statePurpose(stateHash), row.sealed)) as Secrets
  return {
    ...secrets,
    state: given,
    // In the column where a version before this one began the sign-in.
    redirectUrl: secrets.redirectUrl ?? row.redirect_url ?? undefined,
    stepUpSessionId: row.step_up_session_id,
    begunAt: new Date(row.expires_at.getTime() - stateMinutes * 60_000),
  }
}

type State = Awaited<ReturnType<typeof spendState>>

/** Discovery, exchange, the provider's keys and, where it is needed, userinfo, all within one patience. */
async function exchangeCode(ctx: Context, query: URLSearchParams, state: State) {
  return askProvider(async () => {
    const client = await oidcClient(ctx).catch((error) => {
      throw unavailable(error)
    })
    // The host is ours by setting; what the request says of it counts for nothing.
    const callbackUrl = new URL(`/auth/callback?${query}`, ctx.config.publicBaseUrl)
    try {
      const tokens = await openid.authorizationCodeGrant(client, callbackUrl, {
        expectedState: state.state,
        expectedNonce: state.nonce,
        pkceCodeVerifier: state.codeVerifier,
      })
      const claims = tokens.claims()
      const told =
        state.stepUpSessionId === null && (await askForAddress(client, claims, tokens.access_token))
      return { claims: { ...claims, ...told }, idToken: tokens.id_token ?? '' }
    } catch (error) {
      throw refusal(error)
    }
  })
}

/** Whom to write to, of a provider whose ID tokens do not tell it. Userinfo is not signed: what gives power is not taken from it. */
async function askForAddress(
  client: openid.Configuration,
  claims: openid.IDToken | undefined,
  accessToken: string,
) {
  if (!claims || claims.email !== undefined || !client.serverMetadata().userinfo_endpoint) return undefined
  const { email, email_verified, name } = await openid.fetchUserInfo(client, accessToken, claims.sub)
  return { email, email_verified, name: claims.name ?? name }
}

// What says that the provider, not the sign-in, is in trouble.
const troubles = [
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
]

function refusal(error: unknown): AppError | SignInRefused {
  const { code } = error as { code?: string }
  const isTrouble = code === undefined ? error instanceof TypeError : troubles.includes(code)
  if (isTrouble) return unavailable(error)
  const isTheirs = error instanceof openid.AuthorizationResponseError
  return new SignInRefused(isTheirs ? 'provider_refused' : 'answer_refused', reasonOf(error).message)
}
