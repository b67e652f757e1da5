import { decodeJwt } from 'jose'
import { expect, it } from 'vitest'
import { newId } from '../../src/lib/ids.ts'
import { permissionsOf } from '../../src/roles.ts'
import { expectInvalid, expectRefusal, indistinct } from '../support/shapes.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const path = '/v1/me/active-organization'

it('is what capabilities and access tokens of this session speak of, and where the next one begins', async () => {
  const organization = await world.organization()
  const member = await world.member(organization, 'member')
  const other = await world.signIn(member.email)
  const active = async (person: typeof member) => (await person.get('/v1/auth/session')).body

  expect((await member.post(path, { organizationId: organization.id })).status).toBe(204)
  const { user, capabilities } = await active(member)
  expect(user.organization_id).toBe(organization.id)
  expect(capabilities).toEqual({ role: 'member', permissions: [...permissionsOf.member] })
  const { access_token } = (await member.post('/v1/auth/refresh')).body
  expect(decodeJwt(access_token).org).toBe(organization.id)

  expect((await active(other)).user.organization_id).not.toBe(organization.id)
  await world.sql(
    "update sessions set last_seen_at = now() + interval '1 second' where active_organization_id = $1",
    [organization.id],
  )
  expect((await active(await world.signIn(member.email))).user.organization_id).toBe(organization.id)
})

it('does not tell a stranger’s organization from none', async () => {
  const { owner, id } = await world.organization()
  const stranger = await world.organization()
  const ids = [stranger.id, newId('org'), stranger.slug, 'nothing', '', "'", '../x']
  const answers = await Promise.all(ids.map((organizationId) => owner.post(path, { organizationId })))
  for (const answer of answers) {
    expectRefusal(answer, 'not_found')
    expect(indistinct(answer)).toEqual(indistinct(answers[0] as (typeof answers)[0]))
  }
  expect((await owner.get('/v1/auth/session')).body.user.organization_id).toBe(id)
})

it('refuses what is no id, and nobody', async () => {
  const { owner, id } = await world.organization()
  expectInvalid(await owner.post(path, {}), 'organizationId')
  expectInvalid(await owner.post(path, { organizationId: null }), 'organizationId')
  expectInvalid(await owner.post(path, { organizationId: 'x'.repeat(101) }), 'organizationId')
  expectRefusal(await world.anonymous.post(path, { organizationId: id }), 'authentication_required')
})
