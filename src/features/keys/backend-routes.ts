import { z } from 'zod'
import { backendApp } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { asJson, sendJson } from '../../http/finished.ts'
import { shownId, time } from '../../http/schemas.ts'
import { isoText } from '../../lib/iso-text.ts'
import { oncePer } from '../../lib/once-per.ts'
import type { CheckedKey, SecretKey } from './authenticate.ts'

const CheckedApplication = z
  .object({
    ok: z.literal(true),
    application: z.object({
      id: shownId('app'),
      slug: z.string().meta({ example: 'seqn-console' }),
      name: z.string().meta({ example: 'SEQN Console' }),
      status: z.literal('active'),
      secretKeyPrefix: z.string().meta({ example: 'sk_live_abc12345' }),
    }),
    organization: z.object({
      slug: z.string().meta({ example: 'seqn' }),
      name: z.string().meta({ example: 'SEQN' }),
    }),
    checkedAt: time,
  })
  .meta({ id: 'CheckedApplication' })

/** Up to the time, which is the last field. */
const answerBeforeTime = oncePer((key: SecretKey) => {
  const checkedAt = '2026-05-12T00:00:00.000Z'
  const text = asJson(CheckedApplication, {
    ok: true,
    application: {
      id: key.project_id,
      slug: key.project_slug,
      name: key.project_name,
      status: 'active',
      secretKeyPrefix: key.prefix,
    },
    organization: { slug: key.organization_slug, name: key.organization_name },
    checkedAt,
  })
  return text.slice(0, -`${checkedAt}"}`.length)
})

export const backendApplicationRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/backend/application',
    {
      config: { limit: 'backendApplication' },
      schema: { summary: 'Check a secret key', response: { 200: CheckedApplication } },
    },
    (request, reply) => {
      const { key } = backendApp(request) as CheckedKey
      sendJson(reply, `${answerBeforeTime(key)}${isoText(ctx.clock())}"}`)
    },
  )
}
