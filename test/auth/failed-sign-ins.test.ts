import pg from 'pg'
import { expect, it } from 'vitest'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const signIn = (email: string, password = 'not-the-password') =>
  world.caller({ 'user-agent': 'guesser/1' }).post('/v1/auth/login', { email, password })

const failuresIn = async (streamId: string) => {
  await world.ctx.batches.flush()
  return (await world.auditLog(streamId)).filter(({ action }) => action === 'auth.login.failed')
}

it('are on record in every organization of the person, with the request that failed', async () => {
  const one = await world.organization()
  const two = await world.organization()
  const person = await world.member(one, 'viewer')
  await world.sql('delete from memberships where user_id = $1 and organization_id <> $2', [person.id, one.id])
  await world.sql("insert into memberships values ('mem_test', $2, $1, 'member')", [person.id, two.id])
  const answer = await signIn(person.email)
  for (const { id } of [one, two]) {
    const rows = await failuresIn(id)
    expect(rows).toEqual([
      {
        sequence: expect.any(String),
        action: 'auth.login.failed',
        actor_kind: 'anyone',
        actor_id: null,
        target_id: person.id,
        request_id: answer.headers['x-request-id'],
        details: expect.any(String),
      },
    ])
    expect(JSON.parse(rows[0]?.details ?? '')).toEqual({
      address: '127.0.0.1',
      userAgent: 'guesser/1',
      userId: person.id,
    })
  }
  const events = await world.events(one.id)
  expect(events.some(({ type }) => type.startsWith('auth.'))).toBe(false)
})

it('of disabled people are told apart from nobody here', async () => {
  const { id, owner } = await world.organization()
  await world.sql('update users set disabled_at = now() where id = $1', [owner.id])
  await signIn(owner.email, owner.password)
  expect(await failuresIn(id)).toHaveLength(1)
})

it('of unknown people go to the platform, without the address that was tried', async () => {
  const before = (await failuresIn('platform')).length
  const answer = await signIn('nobody@example.com')
  const rows = (await failuresIn('platform')).slice(before)
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({ target_id: null, request_id: answer.headers['x-request-id'] })
  expect(rows[0]?.details).not.toContain('nobody')
})

it('wait for no stream: a guess is answered while the head is locked, and all are written together', async () => {
  const { id, owner } = await world.organization()
  const holder = new pg.Client({ connectionString: world.database.superuserUrl })
  await holder.connect()
  await holder.query('begin')
  await holder.query('select from streams where id = any($1) for update', [[id, 'platform']])
  try {
    for (const email of [owner.email, owner.email, 'nobody@example.com', owner.email])
      expect((await signIn(email)).status).toBe(401)
  } finally {
    await holder.query('rollback')
    await holder.end()
  }
  expect(await failuresIn(id)).toHaveLength(3)
  const transactions = await world.sql(
    "select count(distinct xmin::text)::int as count from audit_logs where action = 'auth.login.failed' and target_id = $1",
    [owner.id],
  )
  expect(transactions).toEqual([{ count: 1 }])
})
