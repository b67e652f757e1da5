import { signedInUser } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { pageOf } from '../../http/schemas.ts'
import { listAuditLogs } from './audit-log.ts'
import { AuditLogSearch, ShownAuditRow, shownAuditRow } from './schemas.ts'

export const auditLogsRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/audit-logs',
    {
      schema: {
        summary: 'The audit logs of all organizations that I administer, newest first',
        querystring: AuditLogSearch,
        response: { 200: pageOf(ShownAuditRow) },
      },
    },
    async (request) => {
      const { limit, cursor, ...search } = request.query
      const { rows, nextCursor } = await listAuditLogs(ctx, signedInUser(request), search, { limit, cursor })
      return { data: rows.map(shownAuditRow), nextCursor }
    },
  )
}
