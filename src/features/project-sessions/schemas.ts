import { z } from 'zod'
import type { Context } from '../../context.ts'
import { shownId } from '../../http/schemas.ts'
import { roles } from '../../roles.ts'
import { accessTokenSeconds, signToken } from '../sessions/access-tokens.ts'
import { ShownUser, shownUser } from '../users/schemas.ts'
import type { ProjectSession } from './find.ts'

/** Too long for any token of ours is not worth a look. */
export const SessionToken = z
  .string()
  .min(1)
  .max(2_048)
  .meta({ example: 'q3Jm0f2x5V8b1N6c4Z7a9S0d3F5g7H1j2K4l6P8o0I2' })

export const OwnOrganization = z
  .object({ id: shownId('org'), slug: z.string().meta({ example: 'seqn' }), role: z.enum(roles) })
  .nullable()
  .describe(
    'The organization of the project with the person’s role in it; null for people who are no members',
  )

/** What an app gets at the end of a sign-in and of each refresh. */
export const ProjectTokens = z
  .object({
    sessionToken: SessionToken,
    accessToken: z.string().meta({ example: 'eyJhbGciOiJFZERTQSJ9…' }),
    expiresIn: z.int().meta({ example: 900 }),
    user: ShownUser,
    organization: OwnOrganization,
  })
  .meta({ id: 'ProjectTokens' })

export const ownOrganization = (session: ProjectSession): z.input<typeof OwnOrganization> =>
  session.role && { id: session.organization_id, slug: session.organization_slug, role: session.role }

/** Signs an access token of the project and shows it beside the session token. */
export async function shownProjectTokens(
  ctx: Context,
  { session, token }: { session: ProjectSession; token: string },
): Promise<z.input<typeof ProjectTokens>> {
  const { project_id: audience, user_id: subject } = session
  const accessToken = await signToken(
    ctx,
    { audience, subject },
    { org: session.organization_id, email: session.email, pid: audience, sid: session.id },
  )
  return {
    sessionToken: token,
    accessToken,
    expiresIn: accessTokenSeconds,
    user: shownUser(session),
    organization: ownOrganization(session),
  }
}
