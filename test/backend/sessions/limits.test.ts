import { expect, it } from 'vitest'
import { makeApp, refresh, signInTo, verify } from '../../support/app-sign-in.ts'
import { expectRefusal } from '../../support/shapes.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld({
  environment: {
    RATE_LIMIT_ROUTES: '/v1/backend/sessions/verify=3,/v1/client/sessions/refresh=3,/v1/me=3,*=1000000',
  },
})

it('counts verifying per key, refreshing per address and key, and a project’s questions apart from the person’s', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const [one, two] = [await makeApp(world, organization), await makeApp(world, organization)]
  const { sessionToken, accessToken } = await signInTo(world, one, organization.owner)
  for (let i = 0; i < 3; i++) expect((await verify(world, one, accessToken)).status).toBe(200)
  const refused = await verify(world, one, accessToken)
  expectRefusal(refused, 'rate_limited')
  expect(refused.headers['retry-after']).toMatch(/^[1-9]\d*$/)
  expect((await verify(world, two, accessToken)).status).toBe(200)

  for (let i = 0; i < 3; i++) expect((await refresh(world, one, sessionToken)).status).toBe(200)
  expectRefusal(await refresh(world, one, sessionToken), 'rate_limited')
  expect((await refresh(world, two, sessionToken)).status).toBe(401)

  const project = world.withBearer(accessToken)
  for (let i = 0; i < 3; i++) expect((await project.get('/v1/me')).status).toBe(200)
  expectRefusal(await project.get('/v1/me'), 'rate_limited')
  expect((await organization.owner.get('/v1/me')).status).toBe(200)
})
