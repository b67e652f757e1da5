import { beforeEach, describe, expect, it, vi } from 'vitest'
import { change } from '../src/change/change.ts'
import { verifyAuditLog } from '../src/features/audit-log/verify.ts'
import { keepHouse, startHousekeeping } from '../src/housekeeping.ts'
import { newId } from '../src/lib/ids.ts'
import { until } from './support/embedded-postgres.ts'
import { slugOf, startSpine, userActor } from './support/spine.ts'

const spine = startSpine()
let organizationId: string
let userId: string

beforeEach(async () => {
  for (const table of ['idempotency_keys', 'guess_locks', 'organizations', 'users']) {
    await spine.sql(`delete from ${table}`)
  }
  spine.logLines.length = 0
  userId = await spine.person()
  organizationId = await spine.organization(userId)
})

const ago = (interval: string) => `now() - interval '${interval}'`
const insertAnswer = (key: string, createdAt: string) =>
  spine.sql(
    `insert into idempotency_keys (actor_id, key, fingerprint, created_at) values ('usr', $1, 'f', ${createdAt})`,
    [key],
  )
const insertGuess = (account: string, updatedAt: string, lockedUntil: string) =>
  spine.sql(
    `insert into guess_locks (kind, account, address, failures, updated_at, locked_until)
     values ('password', $1, 'a', 1, ${updatedAt}, ${lockedUntil})`,
    [account],
  )
const insertProject = (id: string) =>
  spine.sql(
    `insert into projects (id, organization_id, slug, name, publishable_key) values ($1, $2, $1, $1, $1)`,
    [id, organizationId],
  )
const insertKey = (id: string, expiresAt: string) =>
  spine.sql(
    `insert into secret_keys (id, organization_id, project_id, prefix, hash, expires_at)
     values ($1, $2, 'app_1', 'sk', convert_to($1, 'UTF8'), ${expiresAt})`,
    [id, organizationId],
  )
async function insertSession(id: string, expiresAt: string, revokedAt = 'null') {
  await spine.sql(
    `insert into sessions (id, user_id, auth_method, address, active_organization_id, expires_at, revoked_at)
     values ($1, $2, 'password', 'a', $3, ${expiresAt}, ${revokedAt})`,
    [id, userId, organizationId],
  )
  await spine.sql(`insert into session_tokens (session_id, hash) values ($1, convert_to($1, 'UTF8'))`, [id])
}
/** How often the first task failed, where its table is hidden: once a round. */
const failures = () =>
  spine.logLines.filter((line) => /idempotency_keys.*housekeeping failed and will be tried again/.test(line))
    .length
const names = async (table: string, column: string) =>
  (await spine.sql<{ name: string }>(`select ${column} as name from ${table} order by 1`)).map(
    ({ name }) => name,
  )

it('writes down which invitations have expired, and leaves them', async () => {
  const insert = (id: string, expiresAt: string) =>
    spine.sql(
      `insert into invitations (id, organization_id, role, token_hash, max_uses, expires_at)
       values ($1, $2, 'member', convert_to($1, 'UTF8'), 1, ${expiresAt})`,
      [id, organizationId],
    )
  await insert('inv_due', ago('1 second'))
  await insert('inv_open', `now() + interval '1 minute'`)
  await keepHouse(spine.ctx)
  expect(await spine.sql('select id, status from invitations order by id')).toEqual([
    { id: 'inv_due', status: 'expired' },
    { id: 'inv_open', status: 'pending' },
  ])
})

describe('deletes what is due and nothing else', () => {
  it('answers after their day', async () => {
    await insertAnswer('due', ago('24 hours 1 minute'))
    await insertAnswer('kept', ago('23 hours 59 minutes'))
    await keepHouse(spine.ctx)
    expect(await names('idempotency_keys', 'key')).toEqual(['kept'])
  })

  it('reports of usage an hour after their day, and what was told of limits in months before the last', async () => {
    const insert = (key: string, createdAt: string) =>
      spine.sql(
        `insert into usage_records (organization_id, project_id, idempotency_key, metric, quantity, created_at)
         values ($1, 'app_1', $2, 'api_requests', 1, ${createdAt})`,
        [organizationId, key],
      )
    await insert('due', ago('25 hours 1 minute'))
    await insert('kept', ago('24 hours 59 minutes'))
    for (const months of [0, 1, 2])
      await spine.sql(
        `insert into reached_limits select $1, to_char(now() at time zone 'UTC' - make_interval(months => $2), 'YYYY-MM'),
           'users', $2, 80`,
        [organizationId, months],
      )
    await keepHouse(spine.ctx)
    expect(await names('usage_records', 'idempotency_key')).toEqual(['kept'])
    expect(await names('reached_limits', 'most')).toEqual([0, 1])
  })

  it('guesses a day after the last, unless they still lock', async () => {
    await insertGuess('due', ago('25 hours'), ago('1 second'))
    await insertGuess('locked', ago('25 hours'), `now() + interval '1 minute'`)
    await insertGuess('recent', ago('23 hours'), ago('22 hours'))
    await keepHouse(spine.ctx)
    expect(await names('guess_locks', 'account')).toEqual(['locked', 'recent'])
  })

  it('keys a month after they ended', async () => {
    await insertProject('app_1')
    await insertKey('due', ago('30 days 1 minute'))
    await insertKey('ended', ago('29 days'))
    await insertKey('ending', `now() + interval '1 day'`)
    await insertKey('endless', 'null')
    await keepHouse(spine.ctx)
    expect(await names('secret_keys', 'id')).toEqual(['ended', 'ending', 'endless'])
  })

  it('sessions a month after they ended, with their tokens', async () => {
    await insertSession('due', ago('30 days 1 minute'))
    await insertSession('ended', ago('29 days'))
    await insertSession('live', `now() + interval '1 day'`)
    await insertSession('revoked', `now() + interval '1 day'`, ago('90 days'))
    await keepHouse(spine.ctx)
    for (const [table, column] of [
      ['sessions', 'id'],
      ['session_tokens', 'session_id'],
    ] as const) {
      expect(await names(table, column)).toEqual(['ended', 'live', 'revoked'])
    }
  })

  it('sessions, but not when members were active in them', async () => {
    const lastActive = () => spine.sql('select last_active_at from memberships')
    const see = (session: string, at: string) =>
      spine.sql(
        `insert into session_organizations (session_id, organization_id, address, last_seen_at) values ($1, $2, 'a', $3)`,
        [session, organizationId, at],
      )
    for (const [session, at] of [
      ['due', '2026-01-02T00:00:00Z'],
      ['earlier', '2026-01-01T00:00:00Z'],
    ] as const) {
      await insertSession(session, ago('31 days'))
      await see(session, at)
    }
    await insertSession('live', `now() + interval '1 day'`)
    await see('live', '2026-01-03T00:00:00Z')
    await keepHouse(spine.ctx)
    expect(await names('sessions', 'id')).toEqual(['live'])
    expect(await lastActive()).toEqual([{ last_active_at: new Date('2026-01-02T00:00:00Z') }])
    await insertSession('before', ago('31 days'))
    await see('before', '2025-12-31T00:00:00Z')
    await keepHouse(spine.ctx)
    expect(await lastActive()).toEqual([{ last_active_at: new Date('2026-01-02T00:00:00Z') }])
  })

  it('session tokens a day after they stepped back, while their session lives', async () => {
    await insertSession('live', `now() + interval '1 day'`)
    for (const [name, at] of [
      ['due', ago('24 hours 1 minute')],
      ['kept', ago('23 hours')],
    ] as const)
      await spine.sql(
        `insert into session_tokens (session_id, hash, superseded_at) values ('live', convert_to($1, 'UTF8'), ${at})`,
        [name],
      )
    await keepHouse(spine.ctx)
    expect(await names('session_tokens', "convert_from(hash, 'UTF8')")).toEqual(['kept', 'live'])
  })

  it('sign-ins that nobody came back from and logout tokens whose time is over', async () => {
    const state = (name: string, expiresAt: string) =>
      spine.sql(
        `insert into oidc_states (state_hash, browser_hash, sealed, redirect_url, expires_at)
         values (convert_to($1, 'UTF8'), '', '', $1, ${expiresAt})`,
        [name],
      )
    const token = (jti: string, expiresAt: string) =>
      spine.sql(`insert into spent_logout_tokens (issuer, jti, expires_at) values ('i', $1, ${expiresAt})`, [
        jti,
      ])
    for (const [name, at] of [
      ['due', ago('1 second')],
      ['kept', `now() + interval '1 minute'`],
    ] as const) {
      await state(name, at)
      await token(name, at)
    }
    await keepHouse(spine.ctx)
    expect(await names('oidc_states', 'redirect_url')).toEqual(['kept'])
    expect(await names('spent_logout_tokens', 'jti')).toEqual(['kept'])
  })

  it('organizations a month after they were deleted, with all they had but their history', async () => {
    await insertProject('app_1')
    await insertKey('key_1', 'null')
    await insertSession('ses_1', `now() + interval '1 day'`)
    await spine.sql(
      `insert into subscriptions (organization_id, plan_key, status) values ($1, 'free', 'active')`,
      [organizationId],
    )
    await change(spine.ctx, userActor(userId), async (_tx, record) => {
      record('organization.deleted', { organizationId, target: organizationId })
    })
    const recent = await spine.organization(userId)
    const live = await spine.organization(userId)
    const markDeleted = (id: string, at: string) =>
      spine.sql(`update organizations set deleted_at = ${at} where id = $1`, [id])
    await markDeleted(organizationId, ago('30 days 1 minute'))
    await markDeleted(recent, ago('29 days'))
    await keepHouse(spine.ctx)

    expect(await names('organizations', 'id')).toEqual([recent, live].sort())
    expect(await names('memberships', 'organization_id')).toEqual([recent, live].sort())
    for (const table of ['projects', 'secret_keys', 'subscriptions']) {
      expect(await spine.sql(`select * from ${table}`)).toEqual([])
    }
    expect(await names('users', 'id')).toEqual([userId])
    expect(await spine.sql('select id, active_organization_id from sessions')).toEqual([
      { id: 'ses_1', active_organization_id: null },
    ])
    expect(await spine.events(organizationId)).toMatchObject([
      { type: 'organization.deleted', organization: { slug: slugOf(organizationId) } },
    ])
    expect((await verifyAuditLog(spine.ctx.db)).flaws).toEqual([])
  })
})

it('deletes batch after batch of what can be many, and of the rest what is more in the next round', async () => {
  await spine.sql(`insert into idempotency_keys (actor_id, key, fingerprint, created_at)
    select 'usr', n::text, 'f', now() - interval '2 days' from generate_series(1, 1500) n`)
  await spine.sql(`insert into organizations (id, slug, name, deleted_at)
    select n::text, n::text, 'x', now() - interval '40 days' from generate_series(1, 15) n`)
  await keepHouse(spine.ctx)
  expect(await names('idempotency_keys', 'key')).toEqual([])
  expect(await names('organizations', 'id')).toHaveLength(5 + 1)
  await keepHouse(spine.ctx)
  expect(await names('organizations', 'id')).toEqual([organizationId])
})

it('makes a new signing key when the newest is 90 days old', async () => {
  await spine.sql('delete from signing_keys')
  await keepHouse(spine.ctx)
  const [first] = await names('signing_keys', 'id')
  await spine.sql(`update signing_keys set created_at = ${ago('89 days')}`)
  await keepHouse(spine.ctx)
  expect(await names('signing_keys', 'id')).toEqual([first])
  await spine.sql(`update signing_keys set created_at = ${ago('90 days')}`)
  await keepHouse(spine.ctx)
  expect(await names('signing_keys', 'id')).toHaveLength(2)
})

it('deletes signing keys a day after they were retired', async () => {
  const insert = (id: string, retiredAt: string) =>
    spine.sql(
      `insert into signing_keys (id, public_jwk, sealed_private_jwk, retired_at) values ($1, '{}', '', ${retiredAt})`,
      [id],
    )
  await spine.sql('delete from signing_keys')
  await insert('in use', 'null')
  await insert('retired', ago('23 hours'))
  await insert('long retired', ago('25 hours'))
  await keepHouse(spine.ctx)
  const kept = await names('signing_keys', 'id')
  expect(kept).toContain('in use')
  expect(kept).toContain('retired')
  expect(kept).not.toContain('long retired')
})

it('goes on after a task that fails: the others do their work, and its turn comes again', async () => {
  await spine.sql('alter table idempotency_keys rename to hidden')
  await insertGuess('due', ago('25 hours'), ago('1 second'))
  const stop = startHousekeeping(spine.ctx, 1)
  try {
    await until(() => failures() >= 2)
    expect(await names('guess_locks', 'account')).toEqual([])
    await spine.sql('alter table hidden rename to idempotency_keys')
    await insertAnswer(newId('aud'), ago('2 days'))
    await until(async () => (await names('idempotency_keys', 'key')).length === 0)
  } finally {
    await stop()
  }
})

it('comes every minute, and no more once it was stopped', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    await insertAnswer('due', ago('2 days'))
    const stop = startHousekeeping(spine.ctx)
    vi.advanceTimersByTime(59_999)
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(1)
    await stop()
    expect(vi.getTimerCount()).toBe(0)
    expect(await names('idempotency_keys', 'key')).toEqual([])
  } finally {
    vi.useRealTimers()
  }
})

it('ends with the task that is under way when it is stopped', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    await insertAnswer('due', ago('2 days'))
    await insertGuess('due', ago('25 hours'), ago('1 second'))
    const stop = startHousekeeping(spine.ctx)
    vi.advanceTimersByTime(60_000)
    await stop()
    expect(await names('idempotency_keys', 'key')).toEqual([])
    expect(await names('guess_locks', 'account')).toEqual(['due'])
  } finally {
    vi.useRealTimers()
  }
})

it('begins no round while one is under way, and puts none off', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  await spine.sql('alter table idempotency_keys rename to hidden')
  const stop = startHousekeeping(spine.ctx)
  try {
    vi.advanceTimersByTime(3 * 60_000)
    // As long as what was put off would take to begin.
    for (let i = 0; i < 3; i++) await keepHouse(spine.ctx)
    await stop()
    expect(failures()).toBe(1 + 3)
  } finally {
    await stop()
    vi.useRealTimers()
    await spine.sql('alter table hidden rename to idempotency_keys')
  }
})
