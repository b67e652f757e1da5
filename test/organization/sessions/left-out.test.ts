import { decodeJwt } from 'jose'
import { expect, it } from 'vitest'
import { expectRefusal } from '../../support/shapes.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()

it('an organization that ended a session is nowhere in what that session tells', async () => {
  const organization = await world.organization()
  const member = await world.member(organization, 'admin')
  const choose = () => member.post('/v1/me/active-organization', { organizationId: organization.id })
  expect((await choose()).status).toBe(204)
  await member.get(`/v1/orgs/${organization.id}`)
  const { session_id } = (await member.get('/v1/auth/session')).body.user
  expect((await organization.owner.delete(`/v1/orgs/${organization.id}/sessions/${session_id}`)).status).toBe(
    204,
  )

  const { user, capabilities } = (await member.get('/v1/auth/session')).body
  expect([user.organization_id, capabilities]).toEqual([null, { role: null, permissions: [] }])
  const ids = (rows: { id: string }[]) => rows.map(({ id }) => id)
  expect(ids((await member.get('/v1/me')).body.organizations)).not.toContain(organization.id)
  expect(ids((await member.get('/v1/orgs')).body.data)).not.toContain(organization.id)
  expect((await member.get('/auth/console')).headers.location).not.toContain(organization.slug)
  expectRefusal(await choose(), 'not_found')
  expect(decodeJwt((await member.post('/v1/auth/refresh')).body.access_token).org).toBe(null)

  const again = await world.signIn(member.email)
  expect(ids((await again.get('/v1/orgs')).body.data)).toContain(organization.id)
})
