import { withClient } from '../../src/db/postgres-roles.ts'

/** Runs statements as a superuser who switched the triggers off: what nobody but the machine's administrator can do. */
export async function tamper(superuserUrl: string, statements: string): Promise<void> {
  await withClient(superuserUrl, async (client) => {
    await client.query('set session_replication_role = replica')
    await client.query(statements)
  })
}
