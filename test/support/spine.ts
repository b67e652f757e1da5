import { Writable } from 'node:stream'
import pg from 'pg'
import { afterAll, beforeAll, inject } from 'vitest'
import type { SignedInUser } from '../../src/actors.ts'
import { parseConfig } from '../../src/config.ts'
import { type Context, makeContext } from '../../src/context.ts'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { makeLogger } from '../../src/http/logging.ts'
import { newId } from '../../src/lib/ids.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { testEnvironment } from './settings.ts'

/** A context on a database, without HTTP; `logLines` has what it warned of. */
export function contextOn(url: string, poolMax = 20) {
  const logLines: string[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      logLines.push(String(chunk))
      done()
    },
  })
  const log = makeLogger('info', sink)
  const database = openDatabase({
    url,
    poolMax,
    onLostConnection: (error) => log.warn({ err: error }, 'a database connection was lost'),
  })
  const config = parseConfig({ ...testEnvironment, DATABASE_URL: url })
  return { ctx: makeContext({ config, db: database.db, log }), database, logLines }
}

export type AuditRow = {
  id: string
  sequence: number
  action: string
  actor_kind: string
  actor_id: string | null
  target_id: string | null
  request_id: string
  details: string
}
export type EventRow = { id: string; sequence: number; type: string; data: unknown; organization: unknown }

/** One migrated database for a test file and a context on it: what lies under every use case. */
export function startSpine() {
  let test: TestDatabase
  let opened: { ctx: Context; database: Database; logLines: string[] }
  let superuser: pg.Pool

  beforeAll(async () => {
    test = await createTestDatabase(inject('postgres'))
    opened = contextOn(test.appUrl)
    superuser = new pg.Pool({
      connectionString: test.superuserUrl,
      max: 4,
      types: { getTypeParser: (oid) => (oid === 20 ? Number : pg.types.getTypeParser(oid)) },
    })
    superuser.on('error', () => undefined)
  })
  afterAll(async () => {
    await superuser?.end()
    await opened?.database.close()
    await test?.drop()
  })

  const spine = {
    get ctx() {
      return opened.ctx
    },
    get pool() {
      return opened.database.pool
    },
    get database() {
      return test
    },
    get logLines() {
      return opened.logLines
    },
    /** Runs a statement as the superuser, whom nothing is refused. */
    async sql<Row extends pg.QueryResultRow = pg.QueryResultRow>(
      text: string,
      values: unknown[] = [],
    ): Promise<Row[]> {
      return (await superuser.query<Row>(text, values)).rows
    },
    /** An organization with these members; its slug is its id with dashes. */
    async organization(...members: string[]): Promise<string> {
      const id = newId('org')
      await spine.sql('insert into organizations (id, slug, name) values ($1, $2, $1)', [id, slugOf(id)])
      for (const member of members) {
        await spine.sql(
          `insert into memberships (id, organization_id, user_id, role) values ($1, $2, $3, 'member')`,
          [newId('mem'), id, member],
        )
      }
      return id
    },
    async person(): Promise<string> {
      const id = newId('usr')
      await spine.sql('insert into users (id, email) values ($1, $2)', [id, `${id}@example.com`])
      return id
    },
    auditLog: (streamId: string) =>
      spine.sql<AuditRow>(
        `select audit_logs.id, sequence, action, actor_kind, actor_id, target_id, request_id, details
         from audit_logs join audit_details on audit_id = audit_logs.id where stream_id = $1 order by sequence`,
        [streamId],
      ),
    events: (streamId: string) =>
      spine.sql<EventRow>(
        'select id, sequence, type, data, organization from events where stream_id = $1 order by sequence',
        [streamId],
      ),
  }
  return spine
}

export type Spine = ReturnType<typeof startSpine>

export const slugOf = (organizationId: string) => organizationId.replaceAll('_', '-')

/** A signed-in person who calls with this request id. */
export const userActor = (userId: string, requestId = 'req_test'): SignedInUser => ({
  kind: 'user',
  request: { id: requestId, address: '192.0.2.7', userAgent: 'test' },
  userId,
  sessionId: newId('ses'),
  credential: 'cookie',
  activeOrganizationId: null,
  recentlyAuthenticated: true,
})
