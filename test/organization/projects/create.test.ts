import { expect, it } from 'vitest'
import { anId, aTime, expectInvalid, expectRefusal } from '../../support/shapes.ts'
import { type Organization, startWorld } from '../../support/world.ts'

const world = startWorld()
const create = ({ owner, id }: Organization, body: unknown) => owner.post(`/v1/orgs/${id}/projects`, body)
const provisioning = {
  status: 'disabled',
  detail: null,
  providerId: null,
  applicationSlug: null,
  attemptedAt: null,
  updatedAt: null,
}

it('answers with the whole project and its secret key, once', async () => {
  const organization = await world.organization()
  const answer = await create(organization, {
    name: ' SEQN Console ',
    slug: 'seqn-console',
    redirectUrls: ['https://app.example.com/callback', 'http://localhost:3000/cb?x=1'],
    origins: ['https://app.example.com', 'http://localhost:3000/'],
    afterSignInUrl: 'https://app.example.com/home',
    afterSignUpUrl: null,
  })
  expect(answer.status).toBe(201)
  expect(answer.headers['cache-control']).toBe('no-store')
  expect(answer.body).toEqual({
    project: {
      id: anId('app'),
      slug: 'seqn-console',
      name: 'SEQN Console',
      status: 'active',
      publishableKey: expect.stringMatching(/^pk_live_[0-9a-z]{32}$/),
      secretKeys: [
        {
          id: anId('key'),
          prefix: answer.body.secretKey.slice(0, 16),
          createdAt: aTime,
          expiresAt: null,
          lastUsedAt: null,
        },
      ],
      redirectUrls: ['https://app.example.com/callback', 'http://localhost:3000/cb?x=1'],
      origins: ['https://app.example.com', 'http://localhost:3000'],
      afterSignInUrl: 'https://app.example.com/home',
      afterSignUpUrl: null,
      provisioning,
      createdAt: aTime,
      updatedAt: aTime,
    },
    secretKey: expect.stringMatching(/^sk_live_[0-9a-z]{48}$/),
  })
  const { project } = answer.body
  const [event] = (await world.events(organization.id)).slice(-1)
  expect(event?.type).toBe('project.created')
  expect(event?.data).toEqual({
    id: project.id,
    slug: 'seqn-console',
    name: 'SEQN Console',
    status: 'active',
    publishableKey: project.publishableKey,
    redirectUrls: project.redirectUrls,
    origins: project.origins,
    afterSignInUrl: project.afterSignInUrl,
    afterSignUpUrl: null,
  })
  expect((await world.auditLog(organization.id)).at(-1)).toMatchObject({
    action: 'project.created',
    actor_kind: 'user',
    actor_id: organization.owner.id,
    target_id: project.id,
    request_id: answer.headers['x-request-id'],
  })
  const read = await organization.owner.get(`/v1/orgs/${organization.id}/projects/${project.id}`)
  expect(read.body).toEqual(project)
})

it('wants but a name', async () => {
  const answer = await create(await world.organization(), { name: 'Café' })
  expect(answer.status).toBe(201)
  expect(answer.body.project).toMatchObject({
    slug: 'cafe',
    redirectUrls: [],
    origins: [],
    afterSignInUrl: null,
    afterSignUpUrl: null,
  })
})

it('derives the slug, once per organization, with a suffix when it is taken', async () => {
  const organization = await world.organization({ plan: 'pro' })
  const other = await world.organization()
  const slugOf = async (of: Organization, name: string) => (await create(of, { name })).body.project.slug
  expect(await slugOf(organization, 'Shop!')).toBe('shop')
  expect(await slugOf(other, 'Shop')).toBe('shop')
  expect(await slugOf(organization, 'shop')).toMatch(/^shop-[0-9a-z]{6}$/)
  expect(await slugOf(organization, '店')).toBe('project')
})

it('refuses a slug that this organization has, and takes no place for it', async () => {
  const organization = await world.organization()
  const project = await world.project(organization, { slug: 'shop' })
  const answer = await create(organization, { name: 'Another', slug: project.slug })
  expectRefusal(answer, 'conflict', [{ path: 'slug', message: 'is taken' }])
  expect((await create(organization, { name: 'Another' })).status).toBe(201)
})

it.each([
  [{}, 'name'],
  [{ name: ' ' }, 'name'],
  [{ name: 'x'.repeat(201) }, 'name'],
  [{ name: 'a\u0000' }, 'name'],
  [{ name: 'a', slug: 'A' }, 'slug'],
  [{ name: 'a', slug: 'x'.repeat(101) }, 'slug'],
  [{ name: 'a', redirectUrls: 'https://a.example' }, 'redirectUrls'],
  [{ name: 'a', redirectUrls: [5] }, 'redirectUrls.0'],
  [{ name: 'a', redirectUrls: ['https://a.example', 'http://a.example'] }, 'redirectUrls.1'],
  [{ name: 'a', redirectUrls: ['https://a.example', 'https://a.example'] }, 'redirectUrls'],
  [
    { name: 'a', redirectUrls: Array.from({ length: 51 }, (_, i) => `https://a.example/${i}`) },
    'redirectUrls',
  ],
  [{ name: 'a', origins: Array.from({ length: 51 }, (_, i) => `https://a${i}.example`) }, 'origins'],
  [{ name: 'a', origins: ['https://a.example', 'https://a.example/'] }, 'origins'],
  [{ name: 'a', origins: ['https://a.example/path'] }, 'origins.0'],
  [{ name: 'a', afterSignInUrl: '/home' }, 'afterSignInUrl'],
  [{ name: 'a', afterSignUpUrl: 'javascript:alert(1)' }, 'afterSignUpUrl'],
])('names the field that it cannot accept: %j', async (body, field) => {
  const organization = await world.organization()
  expectInvalid(await create(organization, body), field)
})

it('takes fifty URLs, and refuses unknown fields', async () => {
  const organization = await world.organization()
  const redirectUrls = Array.from({ length: 50 }, (_, i) => `https://a.example/${i}`)
  const origins = Array.from({ length: 50 }, (_, i) => `https://a${i}.example`)
  expect((await create(organization, { name: 'Fifty', redirectUrls, origins })).status).toBe(201)
  const answer = await create(organization, { name: 'a', publishableKey: 'pk_live_mine' })
  expect(answer.body.error.code).toBe('invalid_input')
})
