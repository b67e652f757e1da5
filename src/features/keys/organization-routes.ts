import { z } from 'zod'
import { memberWho } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { answerOnce } from '../../http/idempotency.ts'
import { time } from '../../http/schemas.ts'
import { revokeSecretKey, rotateSecretKey } from './rotation.ts'

const params = z.object({ org: z.string(), project: z.string() })
const longestOverlapSeconds = 2_592_000

export const Rotation = z.strictObject({
  overlapSeconds: z.int().min(0).max(longestOverlapSeconds).default(0),
})

const Rotated = z
  .object({
    secretKey: z.string().meta({ description: 'Shown in this answer only', example: 'sk_live_…' }),
    retires: z.array(z.object({ prefix: z.string().meta({ example: 'sk_live_abc12345' }), expiresAt: time })),
  })
  .meta({ id: 'RotatedSecretKey' })

export const secretKeyRoutes: Routes = (app, ctx) => {
  app.post(
    '/v1/orgs/:org/projects/:project/rotate-secret',
    {
      config: { permission: 'keys.write', limit: 'mutation', isIdempotent: true, errors: ['conflict'] },
      schema: {
        summary: 'A new secret key; the old ones end',
        params,
        body: Rotation.nullish(),
        response: { 200: Rotated },
      },
    },
    (request, reply) =>
      answerOnce(ctx, request, reply, { status: 200, show: (rotated) => rotated }, () =>
        rotateSecretKey(
          ctx,
          memberWho(request, 'keys.write'),
          request.params.project,
          request.body?.overlapSeconds ?? 0,
        ),
      ),
  )

  app.delete(
    '/v1/orgs/:org/projects/:project/secret-keys/:key',
    {
      config: { permission: 'keys.write', limit: 'mutation' },
      schema: {
        summary: 'End one secret key at once',
        params: params.extend({ key: z.string() }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { project, key } = request.params
      await revokeSecretKey(ctx, memberWho(request, 'keys.write'), project, key)
      return reply.code(204).send(null)
    },
  )
}
