import { z } from 'zod'
import type { SignedInUser } from '../../actors.ts'
import type { CachedQuery } from '../../change/cache.ts'
import { asJson } from '../../http/finished.ts'
import { shownId, shownTime, time } from '../../http/schemas.ts'
import { oncePer } from '../../lib/once-per.ts'
import { listAllOrganizations } from '../organizations/organizations.ts'
import { Organization, shownOrganization } from '../organizations/schemas.ts'
import type { ProjectSession } from '../project-sessions/find.ts'
import { ShownUser, shownUser } from '../users/schemas.ts'
import { viewSession } from './sessions.ts'

export const Me = z
  .object({
    user: ShownUser,
    organizations: z.array(Organization.omit({ createdAt: true, updatedAt: true })),
    session: z.object({
      id: shownId('ses'),
      createdAt: time,
      expiresAt: time,
      authMethod: z.string().meta({ example: 'password' }),
      aal: z.int(),
      mfaVerifiedAt: time.nullable(),
    }),
    platformAdmin: z.boolean(),
  })
  .meta({ id: 'Me' })

/** The person and the project's own organization: a project learns of no other. */
export const meOfProject = oncePer((session: ProjectSession) =>
  asJson(Me, {
    user: shownUser(session),
    organizations: session.role
      ? [
          {
            id: session.organization_id,
            slug: session.organization_slug,
            name: session.organization_name,
            role: session.role,
            subscription: { planKey: session.plan_key, status: session.status },
          },
        ]
      : [],
    session: {
      id: session.id,
      createdAt: shownTime(session.session_created_at),
      expiresAt: shownTime(session.expires_at),
      authMethod: session.auth_method,
      aal: session.aal,
      mfaVerifiedAt: shownTime(session.mfa_verified_at),
    },
    platformAdmin: false,
  }),
)

/** The finished answer for a signed-in person. */
export const meOfUser: CachedQuery<SignedInUser, string> = {
  name: 'me',
  most: 20_000,
  async find(ctx, user) {
    const view = await viewSession(ctx, user.sessionId)
    const organizations = await listAllOrganizations(ctx, user)
    const text = asJson(Me, {
      user: shownUser(view),
      organizations: organizations.map(shownOrganization),
      session: {
        id: view.session_id,
        createdAt: shownTime(view.session_created_at),
        expiresAt: shownTime(view.expires_at),
        authMethod: view.auth_method,
        aal: view.aal,
        mfaVerifiedAt: shownTime(view.mfa_verified_at),
      },
      platformAdmin: view.is_platform_admin,
    })
    const ofOrganizations = organizations.map(({ id }) => `organization:${id}`)
    return {
      value: text,
      characters: text.length,
      tags: [`session:${user.sessionId}`, `user:${user.userId}`, ...ofOrganizations],
      // Platform power ends by itself, and few have it.
      seconds: view.is_platform_admin ? 0 : Number.POSITIVE_INFINITY,
    }
  },
}
