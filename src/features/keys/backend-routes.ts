import { z } from 'zod'
import { backendApp } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { shownId, shownTime, time } from '../../http/schemas.ts'
import type { CheckedKey } from './authenticate.ts'

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

export const backendApplicationRoutes: Routes = (app) => {
  app.get(
    '/v1/backend/application',
    {
      config: { limit: 'backendApplication' },
      schema: { summary: 'Check a secret key', response: { 200: CheckedApplication } },
    },
    async (request) => {
      const { key } = backendApp(request) as CheckedKey
      return {
        ok: true as const,
        application: {
          id: key.project_id,
          slug: key.project_slug,
          name: key.project_name,
          status: 'active' as const,
          secretKeyPrefix: key.prefix,
        },
        organization: { slug: key.organization_slug, name: key.organization_name },
        checkedAt: shownTime(key.checked_at),
      }
    },
  )
}
