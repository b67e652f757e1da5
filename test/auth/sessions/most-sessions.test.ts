import { expect, it } from 'vitest'
import { startWorld } from '../../support/world.ts'

const world = startWorld()

it('ends the session that was unused for longest when a person has more than a hundred', async () => {
  const { owner, id: organizationId } = await world.organization()
  const here = (await owner.get('/v1/auth/session')).body.session_id
  // Unused since yesterday, each a second longer than the one before.
  await world.sql(
    `insert into sessions (id, user_id, auth_method, address, expires_at, last_seen_at)
     select 'ses_' || number, $1, 'password', 'a', now() + interval '1 day', now() - interval '1 day' - number * interval '1 second'
     from generate_series(1, 99) number`,
    [owner.id],
  )
  await world.signIn(owner.email)
  const revoked = await world.sql<{ id: string }>(
    'select id from sessions where user_id = $1 and revoked_at is not null',
    [owner.id],
  )
  expect(revoked).toEqual([{ id: 'ses_99' }])
  expect((await owner.get('/v1/auth/session')).body.session_id).toBe(here)
  const told = (await world.events(organizationId)).filter(({ type }) => type === 'session.revoked')
  expect(told.map(({ data }) => data)).toEqual([{ id: 'ses_99', userId: owner.id, reason: 'too_many' }])
})
