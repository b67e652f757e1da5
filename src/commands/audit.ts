import { verifyAuditLog } from '../features/audit-log/verify.ts'
import { type Command, UsageError } from './command.ts'
import { withContext } from './with-database.ts'

export const audit: Command = {
  summary: 'check the hash chains of the audit log',
  usage: 'audit verify',
  run: async ({ config, words: [verb], say }) => {
    if (verb !== 'verify') throw new UsageError('say verify')
    return withContext(config, async (ctx) => {
      const result = await verifyAuditLog(ctx.db)
      const summary = `${result.rows} rows in ${result.streams} streams: ${result.flaws.length === 0 ? 'every chain is whole.' : 'NOT WHOLE'}`
      const flaws = result.flaws.map(
        ({ streamId, sequence, message }) => `  ${streamId} ${sequence}: ${message}`,
      )
      say([summary, ...flaws].join('\n'), result)
      return result.flaws.length === 0 ? 0 : 1
    })
  },
}
