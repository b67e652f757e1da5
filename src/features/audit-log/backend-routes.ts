import { backendApp } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { feedOf, feedQuery } from '../../http/schemas.ts'
import { feedAuditLog } from './audit-log.ts'
import { ShownAuditRow, shownAuditRow } from './schemas.ts'

export const backendAuditLogRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/backend/audit-logs',
    {
      config: { limit: 'auditLogs', errors: ['cursor_expired'] },
      schema: {
        summary: 'The audit log of the organization, oldest first',
        querystring: feedQuery,
        response: { 200: feedOf(ShownAuditRow) },
      },
    },
    async (request) => {
      const { rows, nextCursor } = await feedAuditLog(ctx, backendApp(request), request.query)
      return { data: rows.map(shownAuditRow), nextCursor }
    },
  )
}
