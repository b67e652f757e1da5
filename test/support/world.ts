import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest'
import { verifyAuditLog } from '../../src/features/audit-log/verify.ts'
import { newId } from '../../src/lib/ids.ts'
import type { Role } from '../../src/roles.ts'
import { type Caller, callerOn } from './caller.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { type Answer, type Call, cookieOf } from './http.ts'
import { type ServiceOptions, startService, type TestService } from './service.ts'

export type Person = Caller & {
  id: string
  email: string
  password: string
  cookie: string
  accessToken: string
}
export type Organization = { id: string; slug: string; owner: Person }
export type Project = {
  id: string
  slug: string
  publishableKey: string
  secretKey: string
  organization: Organization
}

const password = 'correct-horse-battery'

type WorldOptions = ServiceOptions & {
  /** Puts something between the service and its database: gets the database's URL, gives another. */
  through?: (appUrl: string) => Promise<string>
}

/** One database and one service for a test file, with people and organizations made as callers make them. */
export function startWorld(options: WorldOptions = {}) {
  let database: TestDatabase
  let service: TestService
  let superuser: pg.Pool
  let count = 0

  beforeAll(async () => {
    database = await createTestDatabase(inject('postgres'))
    const appUrl = (await options.through?.(database.appUrl)) ?? database.appUrl
    service = await startService({ ...database, appUrl }, options)
    superuser = new pg.Pool({ connectionString: database.superuserUrl, max: 4 })
    superuser.on('error', () => undefined)
  })
  afterEach(async () => {
    await service.ctx.batches.flush()
    const internal = service.logLines.filter((line) => line.includes('"internal error"'))
    service.logLines.length = 0
    expect(internal, 'nothing may end as internal_error').toEqual([])
    if (world.expectsBrokenChains) return
    expect((await verifyAuditLog(service.ctx.db)).flaws, 'every chain is whole').toEqual([])
  })
  afterAll(async () => {
    await superuser?.end()
    await service?.stop()
    await database?.drop()
  })

  const caller = (headers: Call['headers'] = {}, prefix = '') => callerOn(service.port, headers, prefix)

  const world = {
    /** Set by tests that break a chain on purpose. */
    expectsBrokenChains: false,
    get ctx() {
      return service.ctx
    },
    get port() {
      return service.port
    },
    get database() {
      return database
    },
    get logLines() {
      return service.logLines
    },
    caller,
    get anonymous() {
      return caller()
    },
    /** Runs a statement as the database's superuser: to move stored times, and to look at what no route shows. */
    async sql<Row extends pg.QueryResultRow = pg.QueryResultRow>(
      text: string,
      values: unknown[] = [],
    ): Promise<Row[]> {
      const { rows } = await superuser.query<Row>(text, values)
      await service.hearChanges()
      return rows
    },

    /** A person who signed up, with their own organization. */
    async organization({ plan = 'free', name = `Organization ${++count}` } = {}): Promise<Organization> {
      const email = `owner${++count}@example.com`
      const answer = await caller().post('/v1/auth/register', { email, password, organization_name: name })
      expect(answer.status).toBe(201)
      const owner = person(answer, email)
      const id: string = answer.body.user.organization_id
      const [row] = await world.sql<{ slug: string }>('select slug from organizations where id = $1', [id])
      if (plan !== 'free')
        await world.sql('update subscriptions set plan_key = $2 where organization_id = $1', [id, plan])
      return { id, slug: row?.slug ?? '', owner }
    },

    /** Somebody with this role in the organization (invitations have no route yet, so the row is written). */
    async member(organization: Organization, role: Role): Promise<Person> {
      const somebody = (await world.organization()).owner
      await world.sql(
        'insert into memberships (id, organization_id, user_id, role) values ($1, $2, $3, $4)',
        [newId('mem'), organization.id, somebody.id, role],
      )
      return somebody
    },

    /** Somebody whose session has platform power: an operator's grant, and a second factor. */
    async platformAdmin(): Promise<Person> {
      const { owner } = await world.organization()
      await world.sql('insert into platform_admins (user_id) values ($1)', [owner.id])
      await world.sql('update sessions set aal = 2, mfa_verified_at = now() where user_id = $1', [owner.id])
      return owner
    },

    async project(organization: Organization, body: Record<string, unknown> = {}): Promise<Project> {
      const answer = await organization.owner.post(`/v1/orgs/${organization.id}/projects`, {
        name: `Project ${++count}`,
        ...body,
      })
      expect(answer.status).toBe(201)
      const { project, secretKey } = answer.body
      return {
        id: project.id,
        slug: project.slug,
        publishableKey: project.publishableKey,
        secretKey,
        organization,
      }
    },

    async signIn(email: string, secret = password): Promise<Person> {
      const answer = await caller().post('/v1/auth/login', { email, password: secret })
      expect(answer.status).toBe(200)
      return person(answer, email)
    },

    /** A caller with this session cookie. */
    withCookie: (cookie: string) => caller({ cookie: `seqn_session=${cookie}` }),
    withBearer: (token: string) => caller({ authorization: `Bearer ${token}` }),
    withPublishableKey: (key: string) => caller({ 'x-seqn-publishable-key': key }),

    /** The organization's events so far, oldest first. */
    events: (organizationId: string) =>
      world.sql<{
        id: string
        sequence: string
        type: string
        data: Record<string, unknown>
        organization: unknown
      }>('select id, sequence, type, data, organization from events where stream_id = $1 order by sequence', [
        organizationId,
      ]),
    /** The audit rows of a stream so far, oldest first, with their details. */
    auditLog: (streamId: string) =>
      world.sql<{
        sequence: string
        action: string
        actor_kind: string
        actor_id: string | null
        target_id: string | null
        request_id: string
        details: string
      }>(
        `select sequence, action, actor_kind, actor_id, target_id, request_id, details
         from audit_logs join audit_details on audit_id = id where stream_id = $1 order by sequence`,
        [streamId],
      ),
  }

  function person(answer: Answer, email: string): Person {
    const cookie = cookieOf(answer) ?? ''
    const { user, access_token } = answer.body
    return {
      ...world.withCookie(cookie),
      id: user.user_id,
      email,
      password,
      cookie,
      accessToken: access_token,
    }
  }
  return world
}

export type World = ReturnType<typeof startWorld>
