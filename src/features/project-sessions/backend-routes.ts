import { z } from 'zod'
import { backendApp } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { asJson, sendJson } from '../../http/finished.ts'
import { shownTime, time } from '../../http/schemas.ts'
import { oncePer } from '../../lib/once-per.ts'
import { whenKnown } from '../../lib/when-known.ts'
import { ShownUser, shownUser } from '../users/schemas.ts'
import type { ShownSession } from './find.ts'
import { OwnOrganization, ownOrganization, SessionToken } from './schemas.ts'
import { verifyProjectToken } from './verify.ts'

const Verified = z
  .object({
    active: z.boolean().meta({ example: true }),
    user: ShownUser.optional(),
    organization: OwnOrganization.optional(),
    expiresAt: time.optional().describe('When this token ends, if nothing ends it before'),
  })
  .meta({ id: 'VerifiedSession' })

const answerFor = oncePer(({ session, expiresAt }: ShownSession) =>
  asJson(Verified, {
    active: true,
    user: shownUser(session),
    organization: ownOrganization(session),
    expiresAt: shownTime(expiresAt),
  }),
)
const inactive = asJson(Verified, { active: false })

export const verifySessionRoutes: Routes = (app, ctx) => {
  app.post(
    '/v1/backend/sessions/verify',
    {
      config: { limit: 'verify' },
      schema: {
        summary: 'Who a session token or access token of my organization’s projects stands for',
        description: 'Sees a revocation at once. Every other token is just not active.',
        body: z.strictObject({ token: SessionToken }),
        response: { 200: Verified },
      },
    },
    (request, reply) =>
      whenKnown(verifyProjectToken(ctx, backendApp(request), request.body.token), (found) =>
        sendJson(reply, found ? answerFor(found) : inactive),
      ),
  )
}
