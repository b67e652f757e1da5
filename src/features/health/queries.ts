import { sql } from 'kysely'
import type { Db } from '../../db/database.ts'

/** Answers when the database does; throws `service_unavailable` when it does not. */
export async function ping(db: Db): Promise<void> {
  await sql`select 1`.execute(db)
}
