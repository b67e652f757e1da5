import * as openid from 'openid-client'
import type { SignedInUser } from '../../actors.ts'
import type { Context } from '../../context.ts'
import { idTokenPurpose, signOut, signOutEverywhere } from '../sessions/sessions.ts'
import { reachProvider, reasonOf } from './oidc-client.ts'
import { findProviderOf } from './queries.ts'

/** Where the provider ends its own session; undefined when it offers no such place or cannot be asked. */
async function endSessionUrl(
  ctx: Context,
  parameters: Record<string, string> = {},
): Promise<URL | undefined> {
  try {
    const client = await reachProvider(ctx)
    if (!client.serverMetadata().end_session_endpoint) return undefined
    return openid.buildEndSessionUrl(client, parameters)
  } catch (error) {
    ctx.log.warn({ err: reasonOf(error) }, 'the provider cannot be asked to end its session')
    return undefined
  }
}

/** What to show the configured provider of a session that came from it: the ID token, as long as it can be unsealed. */
async function hintFor(ctx: Context, user: SignedInUser): Promise<Record<string, string> | undefined> {
  const provider = await findProviderOf(ctx.db, user.sessionId)
  if (!provider || provider.issuer !== ctx.config.oidc?.issuer || !provider.sealed_id_token) return undefined
  try {
    return { id_token_hint: ctx.unseal(idTokenPurpose(user.sessionId), provider.sealed_id_token) }
  } catch {
    // Sealed under a key that is gone: nobody stays signed in for that, and providers know us by client_id, too.
    return {}
  }
}

/**
 * Ends the caller's session, or all of them; returns the address at the provider where theirs there ends, if there is one, and
 * from where the browser comes back with `state`.
 */
export async function signOutHereAndThere(
  ctx: Context,
  user: SignedInUser,
  { everywhere, state }: { everywhere: boolean; state: string | undefined },
): Promise<URL | undefined> {
  const hint = await hintFor(ctx, user)
  // Ours first: what happens at the provider is out of our hands.
  await (everywhere ? signOutEverywhere(ctx, user) : signOut(ctx, user))
  if (!hint) return undefined
  return endSessionUrl(ctx, {
    post_logout_redirect_uri: `${ctx.config.publicBaseUrl}/sign-out`,
    ...hint,
    ...(state && { state }),
  })
}

/** The origin that a sign-out form of this person may end at; undefined where it ends here. */
export async function signOutOrigin(ctx: Context, user: SignedInUser): Promise<string | undefined> {
  return (await hintFor(ctx, user)) && (await endSessionUrl(ctx))?.origin
}
