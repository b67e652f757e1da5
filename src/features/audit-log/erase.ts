import type { Context } from '../../context.ts'
import { eraseDetails } from './queries.ts'

const batch = 5_000

/**
 * Erases the details (addresses, user agents, before and after) of every entry that a person did, that was done to them, or that
 * names them by one of these texts: id, e-mail addresses. The entries and their links stay. Returns how many were erased.
 */
export async function eraseFromAuditLog(ctx: Context, mentions: string[]): Promise<number> {
  let erased = 0
  for (let after: string | null = ''; after !== null; ) {
    const page = await eraseDetails(ctx.db, mentions, after, batch)
    erased += page.erased
    after = page.last
  }
  return erased
}
