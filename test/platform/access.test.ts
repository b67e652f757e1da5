import { expect, it } from 'vitest'
import type { Caller } from '../support/caller.ts'
import { documentedRoutes, filled } from '../support/routes.ts'
import { expectRefusal } from '../support/shapes.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const platformRoutes = async () =>
  (await documentedRoutes(world)).filter(({ audience }) => audience === 'platform')

async function expectEverywhere(caller: Caller, code: Parameters<typeof expectRefusal>[1]) {
  const organization = await world.organization()
  const before = await world.auditLog(organization.id)
  const routes = await platformRoutes()
  expect(routes.length).toBeGreaterThan(0)
  for (const { method, path, parameters, example } of routes) {
    const values = Object.fromEntries(parameters.map((name) => [name, organization.id]))
    expectRefusal(await caller.call({ method, path: filled(path, values), body: example }), code)
  }
  expect(await world.auditLog(organization.id)).toEqual(before)
}

it('stands under one prefix, where nobody else has a route', async () => {
  for (const { name, path, audience } of await documentedRoutes(world))
    expect([name, audience === 'platform']).toEqual([name, path.startsWith('/v1/platform/')])
})

it('is for nobody who did not sign in', () => expectEverywhere(world.anonymous, 'authentication_required'))

it('is for no owner of an organization', async () =>
  expectEverywhere((await world.organization()).owner, 'platform_admin_required'))

it.each([
  ['without a second factor', 'update sessions set aal = 1 where user_id = $1'],
  [
    'twelve hours after it',
    `update sessions set mfa_verified_at = now() - interval '12 hours 1 second' where user_id = $1`,
  ],
  ['whose grant is gone', 'delete from platform_admins where user_id = $1'],
  [
    'in a session that a provider speaks for',
    `update sessions set issuer = 'https://idp' where user_id = $1`,
  ],
])('is for no platform admin %s', async (_what, statement) => {
  const admin = await world.platformAdmin()
  await world.sql(statement, [admin.id])
  await expectEverywhere(admin, 'platform_admin_required')
})

it('is refused to pages of other sites, also with the cookie of a platform admin', async () => {
  const admin = await world.platformAdmin()
  const { method, path, example } = (await platformRoutes()).find((route) => route.method !== 'GET') as never
  const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  expectRefusal(await admin.call({ method, path, body: example, headers }), 'csrf_rejected')
})

it('carries out for a platform admin what its description gives as an example', async () => {
  const organization = await world.organization()
  const admin = await world.platformAdmin()
  for (const { name, method, path, example, successes } of await platformRoutes()) {
    if (!path.includes('{org}')) continue
    const answer = await admin.call({ method, path: filled(path, { org: organization.id }), body: example })
    expect([name, successes.includes(answer.status)]).toEqual([name, true])
  }
})
