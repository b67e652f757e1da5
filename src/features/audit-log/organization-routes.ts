import { z } from 'zod'
import { memberWho } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { pageOf } from '../../http/schemas.ts'
import { listAuditLog } from './audit-log.ts'
import { AuditLogSearch, ShownAuditRow, shownAuditRow } from './schemas.ts'

const ofOrganization = z.object({ org: z.string() })

export const auditLogRoutes: Routes = (app, ctx) => {
  app.get(
    '/v1/orgs/:org/audit-logs',
    {
      config: { permission: 'audit.read' },
      schema: {
        summary: 'The audit log of an organization, newest first',
        params: ofOrganization,
        querystring: AuditLogSearch,
        response: { 200: pageOf(ShownAuditRow) },
      },
    },
    async (request) => {
      const member = memberWho(request, 'audit.read')
      const { limit, cursor, ...search } = request.query
      const { rows, nextCursor } = await listAuditLog(ctx, member, search, { limit, cursor })
      return { data: rows.map(shownAuditRow), nextCursor }
    },
  )
}
