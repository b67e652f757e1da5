import { expect, it } from 'vitest'
import { newPublishableKey } from '../../src/features/keys/key-format.ts'
import { countQueries } from '../support/count-queries.ts'
import type { Answer } from '../support/http.ts'
import { expectRefusal } from '../support/shapes.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const path = '/v1/client/config'
const origin = 'https://app.example.com'

it('tells a browser app what it needs, by header and by query', async () => {
  const organization = await world.organization({ name: 'SEQN' })
  const project = await world.project(organization, {
    name: 'SEQN Console',
    origins: [origin],
    redirectUrls: ['https://app.example.com/callback'],
  })
  const answer = await world.withPublishableKey(project.publishableKey).get(path)
  expect(answer.status).toBe(200)
  expect(answer.body).toEqual({
    application: {
      id: project.id,
      slug: 'seqn-console',
      name: 'SEQN Console',
      publishableKey: project.publishableKey,
      status: 'active',
    },
    organization: { slug: 'seqn', name: 'SEQN' },
    auth: {
      signInUrl: 'http://accounts.silver.test/sign-in',
      signUpUrl: 'http://accounts.silver.test/sign-up',
      afterSignInUrl: 'https://app.example.com',
      afterSignUpUrl: 'https://app.example.com',
    },
    oidc: null,
    oauth: {
      sharedDevelopment: { mode: 'shared_development', provider: 'google', credentialsRequired: false },
      production: { mode: 'customer_owned', provider: 'google', credentialsRequired: true },
    },
  })
  expect(answer.headers['cache-control']).toBe('no-cache')
  const byQuery = await world.anonymous.get(`${path}?publishable_key=${project.publishableKey}`)
  expect(byQuery.body).toEqual(answer.body)
})

it.each([
  [{}, null, null],
  [{ redirectUrls: ['https://a.example/cb'] }, 'https://a.example/cb', 'https://a.example/cb'],
  [{ origins: [origin], redirectUrls: ['https://a.example/cb'] }, origin, origin],
  [
    { origins: [origin], afterSignInUrl: 'https://a.example/in' },
    'https://a.example/in',
    'https://a.example/in',
  ],
  [{ origins: [origin], afterSignUpUrl: 'https://a.example/up' }, origin, 'https://a.example/up'],
])('says where to go after signing in and up: %j', async (body, afterSignInUrl, afterSignUpUrl) => {
  const project = await world.project(await world.organization(), body)
  const answer = await world.withPublishableKey(project.publishableKey).get(path)
  expect(answer.body.auth).toMatchObject({ afterSignInUrl, afterSignUpUrl })
})

it('answers 304 to who has it already, until it changes', async () => {
  const project = await world.project(await world.organization())
  const app = world.withPublishableKey(project.publishableKey)
  const { etag } = (await app.get(path)).headers
  const again = await app.get(path, { 'if-none-match': etag })
  expect(again.status).toBe(304)
  expect(again.text).toBe('')
  expect(again.headers).toMatchObject({ etag, 'cache-control': 'no-cache' })
  expect((await app.get(path, { 'if-none-match': '"other"' })).status).toBe(200)
  const { owner, id } = project.organization
  await owner.patch(`/v1/orgs/${id}/projects/${project.id}`, { name: 'Renamed' })
  const changed = await app.get(path, { 'if-none-match': etag })
  expect(changed.status).toBe(200)
  expect(changed.body.application.name).toBe('Renamed')
})

it.each([
  ['missing', undefined],
  ['empty', ''],
  ['short', 'pk_live_short'],
  ['a secret one', `sk_live_${'a'.repeat(48)}`],
  ['with a wrong checksum', `${newPublishableKey().slice(0, -1)}!`],
  ['in upper case', newPublishableKey().toUpperCase()],
])('refuses a key that is %s, without a query, also from a page', async (_kind, key) => {
  const answers: Answer[] = []
  const queries = await countQueries(async () => {
    for (const headers of [{}, { origin }]) {
      answers.push(await world.anonymous.get(path, { 'x-seqn-publishable-key': key, ...headers }))
      if (key !== undefined)
        answers.push(await world.anonymous.get(`${path}?publishable_key=${encodeURIComponent(key)}`, headers))
    }
  })
  expect(queries).toBe(0)
  for (const answer of answers) expectRefusal(answer, 'invalid_publishable_key')
})

it('refuses a key that stands twice in the query', async () => {
  const key = newPublishableKey()
  const answer = await world.anonymous.get(`${path}?publishable_key=${key}&publishable_key=${key}`)
  expectRefusal(answer, 'invalid_publishable_key')
})

it('is 404 for an unknown key', async () => {
  expectRefusal(await world.withPublishableKey(newPublishableKey()).get(path), 'application_not_found')
})

it('may be read by pages of the project’s own origins, and by no others', async () => {
  const organization = await world.organization()
  const project = await world.project(organization, { origins: [origin] })
  const other = await world.project(organization, { origins: ['https://other.example.com'] })
  const allowed = async (key: string, from: string) =>
    (await world.withPublishableKey(key).get(path, { origin: from })).headers['access-control-allow-origin']
  expect(await allowed(project.publishableKey, origin)).toBe(origin)
  expect(await allowed(project.publishableKey, 'https://other.example.com')).toBeUndefined()
  expect(await allowed(other.publishableKey, origin)).toBeUndefined()
  expect(await allowed(project.publishableKey, 'null')).toBeUndefined()
})
