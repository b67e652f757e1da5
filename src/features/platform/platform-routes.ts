import { platformAdmin } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { pageOf } from '../../http/schemas.ts'
import { KeySearch, PlatformSecretKey, shownKey } from './schemas.ts'
import { findKeys } from './secret-keys.ts'

export const platformRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/platform/secret-keys',
    {
      schema: {
        summary: 'Which project the prefix of a secret key belongs to; each look-up is audited',
        querystring: KeySearch,
        response: { 200: pageOf(PlatformSecretKey) },
      },
    },
    async (request) => {
      const { prefix, ...page } = request.query
      const { rows, nextCursor } = await findKeys(ctx, platformAdmin(request), prefix, page)
      return { data: rows.map(shownKey), nextCursor }
    },
  )
}
