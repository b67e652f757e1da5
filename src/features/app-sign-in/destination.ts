import { z } from 'zod'
import type { Context } from '../../context.ts'
import { type ActiveProject, findActiveProject } from '../projects/by-publishable-key.ts'

/** What an app asks a sign-in for: a code for whoever knows the verifier of this challenge, and its own `state` back. */
export type CodeRequest = { state: string; codeChallenge: string }

/** Where a sign-in may lead: an address that an active project registered, with a code or without. */
export type Destination = {
  project: ActiveProject
  redirectUrl: string
  codeRequest: CodeRequest | undefined
}

const AppParameters = z.object({
  state: z.string().regex(/^[\x20-\x7e]{1,512}$/),
  code_challenge: z.string().regex(/^[\w-]{43}$/),
  code_challenge_method: z.literal('S256').optional(),
})

/**
 * The destination that a query asks for. Undefined for whatever does not fit to the letter: such a query leads nowhere. With a
 * code only to a redirect URL; without one also to an origin.
 */
export async function findDestination(
  ctx: Context,
  query: Record<string, unknown>,
): Promise<Destination | undefined> {
  const { redirect_url: redirectUrl } = query
  if (typeof redirectUrl !== 'string') return undefined
  const asksForCode = Object.keys(AppParameters.shape).some((name) => query[name] !== undefined)
  const parsed = asksForCode ? AppParameters.safeParse(query) : undefined
  if (parsed && !parsed.success) return undefined
  const project = await findActiveProject(ctx, query.publishable_key)
  if (!project) return undefined
  const isRegistered =
    project.redirect_urls.includes(redirectUrl) ||
    (!parsed && project.origins.some((origin) => [origin, `${origin}/`].includes(redirectUrl)))
  if (!isRegistered) return undefined
  const codeRequest = parsed && { state: parsed.data.state, codeChallenge: parsed.data.code_challenge }
  return { project, redirectUrl, codeRequest }
}

/** The registered address with these parameters added; nothing of it is written anew. */
export function withParameters(redirectUrl: string, parameters: Record<string, string>): string {
  return `${redirectUrl}${redirectUrl.includes('?') ? '&' : '?'}${new URLSearchParams(parameters)}`
}
