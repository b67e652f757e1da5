import { z } from 'zod'
import { memberWho } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { pageOf, shownTime } from '../../http/schemas.ts'
import { streaming } from '../../http/streams.ts'
import { listAuditLog } from './audit-log.ts'
import { exportAuditLog } from './export.ts'
import { contentTypes, textsOf } from './export-formats.ts'
import {
  AuditLogExport,
  AuditLogPart,
  AuditLogSearch,
  AuditLogVerification,
  exportResponse,
  ShownAuditRow,
  shownAuditRow,
} from './schemas.ts'
import { type PartVerification, verifyPart } from './verify-part.ts'

const ofOrganization = z.object({ org: z.string() })

export const auditLogRoutes: Routes = (app, ctx) => {
  const sendStream = streaming(app, ctx)

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

  app.get(
    '/v1/orgs/:org/audit-logs/export',
    {
      // Whoever asks for the head alone gets nothing that would have to be put on record.
      exposeHeadRoute: false,
      config: { permission: 'audit.read', limit: 'auditExport' },
      schema: {
        summary: 'The audit log of an organization as a file, newest first; itself put on record',
        params: ofOrganization,
        querystring: AuditLogExport,
        response: { 200: exportResponse },
      },
    },
    async (request, reply) => {
      const member = memberWho(request, 'audit.read')
      const { format, ...search } = request.query
      const day = ctx.clock().toISOString().slice(0, 10)
      return sendStream(reply, {
        key: member.organizationId,
        headers: {
          'content-type': contentTypes[format],
          'content-disposition': `attachment; filename="audit-log-${request.params.org}-${day}.${format}"`,
        },
        start: async () => textsOf(format, await exportAuditLog(ctx, member, format, search)),
      })
    },
  )

  app.get(
    '/v1/orgs/:org/audit-logs/verify',
    {
      config: { permission: 'audit.read', limit: 'auditVerify' },
      schema: {
        summary: 'Check the hash chain of the newest 5,000 entries, or of those before a number',
        params: ofOrganization,
        querystring: AuditLogPart,
        response: { 200: AuditLogVerification },
      },
    },
    async (request) =>
      shownVerification(await verifyPart(ctx, memberWho(request, 'audit.read'), request.query.before)),
  )
}

const shownVerification = ({
  rows,
  erased,
  flaws,
  first,
  last,
  head,
  checkpoint,
  next,
}: PartVerification): z.input<typeof AuditLogVerification> => ({
  valid: flaws.length === 0,
  checked: last < first ? null : { first, last, entries: rows },
  head: { sequence: head.sequence, hash: head.hash.toString('hex') },
  checkpoint: checkpoint
    ? {
        sequence: checkpoint.sequence,
        hash: checkpoint.hash.toString('hex'),
        prunedAt: shownTime(checkpoint.pruned_at),
      }
    : null,
  erased,
  flaws,
  nextCursor: next === undefined ? null : String(next),
})
