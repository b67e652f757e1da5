import { beforeAll, describe, expect, it } from 'vitest'
import { type Organization, type Project, startWorld } from '../support/world.ts'
import { expectRefusal } from './envelope.ts'

const world = startWorld()
let project: Project
let owner: Organization['owner']
beforeAll(async () => {
  project = await world.project(await world.organization())
  owner = project.organization.owner
})

describe('a path that is almost one of ours', () => {
  it.each([
    '/v1/plans/',
    '//v1/plans',
    '/v1//plans',
    '/V1/plans',
    '/v1/Plans',
    '/v1/plans;a=1',
    '/v1;/plans',
    '/v1/plans%2F',
    '/v1%2Fplans',
    '/v1/plans%20',
    '/v1/plans%00',
    '/v1/./plans',
    '/v1/x/../plans',
    '/v1/plans.json',
    '/v1/plans%3Fa=1',
    '/v1\\plans',
    '/*',
    '/v1/client/*',
    '/docs/static/../../../package.json',
    '/docs/static/%2e%2e/%2e%2e/package.json',
    '/assets/%2e%2e/main.js',
  ])('%s is nothing', async (path) => {
    expectRefusal(await world.anonymous.get(path), 'not_found')
  })

  it.each(['/v1/%70lans', '/v1/plans?', '/v1/plans#a', '/v1/plans?a=%'])(
    '%s is the same path',
    async (path) => {
      expect((await world.anonymous.get(path)).status).toBe(200)
    },
  )

  it.each(['/v1/plans%', '/v1/%zz', '/v1/%c3%28', '/v1/orgs/%ff', '/v1/orgs/%ed%a0%80', '/%'])(
    '%s cannot be read',
    async (path) => {
      const answer = await world.anonymous.get(path)
      expectRefusal(answer, 'invalid_input')
      expect(answer.headers['x-content-type-options']).toBe('nosniff')
      const line = world.logLines.find((text) => text.includes(String(answer.headers['x-request-id'])))
      expect(JSON.parse(line ?? '{}')).toMatchObject({ status: 400, route: 'unknown' })
    },
  )
})

const odd = [
  '%00',
  'a%00b',
  '%2F',
  '..%2F..',
  '%2e%2e',
  '%20',
  "'",
  '%27%20or%201=1--',
  '%F0%9F%A6%84',
  'ORG_0',
  '*',
  ';',
  '%3B',
  '-',
  '_',
  'null',
  'undefined',
  '__proto__',
  'constructor',
  '0',
  '-1',
  '1e400',
  '9'.repeat(200),
  'a'.repeat(256),
  'a'.repeat(257),
  'a'.repeat(4_000),
]

describe('a parameter that names nothing', () => {
  it.each(odd)('%s is no organization, project, key or session', async (text) => {
    const org = `/v1/orgs/${project.organization.id}`
    for (const path of [`/v1/orgs/${text}`, `/v1/orgs/${text}/projects`, `${org}/projects/${text}`])
      expectRefusal(await owner.get(path), 'not_found')
    for (const path of [`${org}/projects/${text}`, `${org}/projects/${project.id}/secret-keys/${text}`])
      expectRefusal(await owner.delete(path), 'not_found')
    expectRefusal(await owner.delete(`/v1/auth/sessions/${text}`), 'not_found')
    expectRefusal(await owner.post(`${org}/projects/${text}/rotate-secret`), 'not_found')
  })

  it.each(odd)('%s in a query is refused or means nothing', async (text) => {
    for (const path of [`/v1/orgs?limit=${text}`, `/v1/orgs?cursor=${text}`]) {
      const answer = await owner.get(path)
      if (answer.status !== 200) expectRefusal(answer, 'invalid_input')
    }
    expectRefusal(
      await world.anonymous.get(`/v1/client/config?publishable_key=${text}`),
      'invalid_publishable_key',
    )
  })
})

it('guards every spelling of a path alike', async () => {
  const id = project.organization.id
  for (const path of [`/v1/orgs/${id}`, `/v1/%6Frgs/${id}`, `/v1/orgs/${id.replace('org_', 'org%5F')}`]) {
    expectRefusal(await world.anonymous.get(path), 'authentication_required')
    expect((await owner.get(path)).status).toBe(200)
  }
})

it.each([
  { range: 'bytes=99999999-' },
  { range: 'bytes=b-a' },
  { 'if-match': '"other"' },
  { 'if-unmodified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' },
])('refuses %j of a file in the one shape', async (headers) => {
  expectRefusal(await world.anonymous.get('/docs/static/index.css', headers), 'invalid_input')
})
