import { sql } from 'kysely'
import type { Tx } from '../../db/database.ts'

/** Whether nothing was ever recorded here; of several starts at once one gets to ask before the others. */
export async function isUntouched(tx: Tx): Promise<boolean> {
  await sql`select pg_advisory_xact_lock(hashtext('silver_auth.first_start'))`.execute(tx)
  const row = await tx.selectFrom('users').select('id').limit(1).executeTakeFirst()
  return row === undefined
}
