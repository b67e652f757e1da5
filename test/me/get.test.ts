import { expect, it } from 'vitest'
import { anId, aTime, expectRefusal } from '../support/shapes.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const path = '/v1/me'

it.each([['cookie'], ['access token']])('tells who I am and where I belong, by %s', async (credential) => {
  const { owner, id, slug } = await world.organization({ name: 'Engines' })
  await owner.patch('/v1/users/me', { display_name: 'Ada' })
  const second = await world.organization({ plan: 'pro' })
  await world.sql("insert into memberships values ('mem_' || $1, $1, $2, 'viewer')", [second.id, owner.id])
  await world.sql("update subscriptions set status = 'past_due' where organization_id = $1", [second.id])
  const [row] = await world.sql('select name from organizations where id = $1', [second.id])
  const caller = credential === 'cookie' ? owner : world.withBearer(owner.accessToken)
  const answer = await caller.get(path)
  expect(answer.status).toBe(200)
  expect(answer.body).toEqual({
    user: {
      id: owner.id,
      email: owner.email,
      emailVerified: false,
      name: 'Ada',
      avatarUrl: null,
      createdAt: aTime,
    },
    organizations: [
      {
        id: second.id,
        slug: second.slug,
        name: row?.name,
        role: 'viewer',
        subscription: { planKey: 'pro', status: 'past_due' },
      },
      { id, slug, name: 'Engines', role: 'owner', subscription: { planKey: 'free', status: 'active' } },
    ],
    session: {
      id: anId('ses'),
      createdAt: aTime,
      expiresAt: aTime,
      authMethod: 'password',
      aal: 1,
      mfaVerifiedAt: null,
    },
    platformAdmin: false,
  })
})

it('is 401 for nobody', async () => {
  expectRefusal(await world.anonymous.get(path), 'authentication_required')
})

it('looks for a person’s own access token among no project’s', async () => {
  const { owner } = await world.organization()
  const lookups = () => world.ctx.metrics.cacheLookups.samples().map(({ labels }) => labels.cache)
  expect((await world.withBearer(owner.accessToken).get(path)).status).toBe(200)
  expect(lookups()).toContain('access_tokens')
  expect(lookups()).not.toContain('project_access_tokens')
})
