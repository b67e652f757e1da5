import { decodeJwt } from 'jose'
import { expect, it } from 'vitest'
import { isActive, makeApp, refresh, signInTo } from '../../support/app-sign-in.ts'
import { expectRefusal } from '../../support/shapes.ts'
import { whileLocked } from '../../support/while-locked.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()

async function signedIn() {
  const organization = await world.organization()
  const project = await makeApp(world, organization)
  const { owner } = await world.organization()
  const session = await signInTo(world, project, owner)
  return { organization, project, session, sid: decodeJwt(session.accessToken).sid as string }
}

it.each([
  [
    'its sign-in session',
    'update sessions set revoked_at = now() where id in (select session_id from held) returning id',
  ],
  [
    'its project',
    "update projects set status = 'disabled' where id in (select project_id from held) returning id",
  ],
  [
    'its organization',
    'update organizations set deleted_at = now() where id in (select organization_id from held) returning id',
  ],
  [
    'the grant',
    `delete from app_grants using held where app_grants.user_id = held.user_id
       and app_grants.project_id = held.project_id returning held.id`,
  ],
])('gives no token to a refresh that waits while %s ends', async (_, ending) => {
  const { project, session, sid } = await signedIn()
  const statement = `with held as (select * from project_sessions where id = $1 for update), ended as (${ending})
    select from ended, held`
  const [answer] = await whileLocked(world, { statement, values: [sid] }, () => [
    refresh(world, project, session.sessionToken),
  ])
  expect(answer?.status).toBe(401)
  const tokens = await world.sql('select from project_session_tokens where project_session_id = $1', [sid])
  expect(tokens).toHaveLength(1)
})

it('sees a reuse that only became one while it waited: the session ends, and that is on record', async () => {
  const { organization, project, session, sid } = await signedIn()
  const next = (await refresh(world, project, session.sessionToken)).body
  const statement = `with held as (select id from project_sessions where id = $1 for update)
    update project_session_tokens set first_used_at = clock_timestamp() from held
    where project_session_id = held.id and superseded_at is null`
  const [answer] = await whileLocked(world, { statement, values: [sid] }, () => [
    refresh(world, project, session.sessionToken),
  ])
  expectRefusal(answer as never, 'authentication_required')
  expect(await isActive(world, project, next)).toBe(false)
  const rows = (await world.auditLog(organization.id)).filter(({ target_id }) => target_id === sid)
  expect(rows.map(({ action }) => action).slice(-2)).toEqual(['session.revoked', 'auth.session_token.reused'])
})
