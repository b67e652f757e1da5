import { beforeAll, describe, expect, it } from 'vitest'
import { blockedBy, statuses } from '../../src/features/subscriptions/states.ts'
import type { Call } from '../support/http.ts'
import { sampleRequest } from '../support/route-samples.ts'
import { type DocumentedRoute, documentedRoutes } from '../support/routes.ts'
import { expectRefusal } from '../support/shapes.ts'
import { newTenant } from '../support/tenants.ts'
import { type Organization, type Person, startWorld } from '../support/world.ts'

const world = startWorld()

/** Routes that create or widen always, and what widens by those that may also narrow. The rest asks no subscription. */
const growing: Record<string, 'always' | { widening: object; narrowing: object }> = {
  'POST /v1/orgs/{org}/projects': 'always',
  'PATCH /v1/orgs/{org}/projects/{project}': {
    widening: { origins: ['https://new.example'] },
    narrowing: { name: 'Renamed', origins: [], redirectUrls: [], status: 'disabled' },
  },
  'POST /v1/orgs/{org}/invitations': 'always',
  'POST /v1/orgs/{org}/invitations/{invitation}/resend': 'always',
  'PATCH /v1/orgs/{org}/members/{user}': { widening: { role: 'admin' }, narrowing: { role: 'viewer' } },
  'POST /v1/orgs/{org}/webhook-endpoints': 'always',
  'PATCH /v1/orgs/{org}/webhook-endpoints/{endpoint}': {
    widening: { eventTypes: ['*'] },
    narrowing: { description: 'Renamed', enabled: false },
  },
}

let founder: Person
let mutating: DocumentedRoute[]
let documented: Set<string>

beforeAll(async () => {
  founder = (await world.organization()).owner
  const isOfOrganization = ({ method, audience }: DocumentedRoute) =>
    audience === 'organization' && method !== 'GET'
  mutating = (await documentedRoutes(world)).filter(isOfOrganization)
  const { paths } = (await world.anonymous.get('/openapi.json')).body
  const asks = ({ path, method }: DocumentedRoute) => '402' in paths[path][method.toLowerCase()].responses
  documented = new Set(mutating.filter(asks).map(({ name }) => name))
})

const setStatus = ({ id }: Organization, status: string) =>
  world.sql('update subscriptions set status = $2 where organization_id = $1', [id, status])

/** A request that works in an active organization, sent when the subscription has come to this state. */
async function send(route: DocumentedRoute, status: string, body?: object) {
  const organization = await newTenant(world, founder)
  const call: Call = await sampleRequest(world, route, organization)
  await setStatus(organization, status)
  return { organization, answer: await organization.owner.call({ ...call, body: body ?? call.body }) }
}

it('documents 402 for exactly the routes that create or widen', () => {
  expect(mutating.length).toBeGreaterThan(20)
  expect([...documented].sort()).toEqual(Object.keys(growing).sort())
})

describe.each(statuses)('while the subscription is %s', (status) => {
  it(`${blockedBy[status] === 'growth' ? 'refuses' : 'does'} what creates or widens`, async () => {
    for (const route of mutating.filter(({ name }) => name in growing)) {
      const how = growing[route.name]
      const { organization, answer } = await send(
        route,
        status,
        typeof how === 'object' ? how.widening : undefined,
      )
      if (blockedBy[status] === 'nothing')
        expect([route.name, answer.status]).toEqual([route.name, route.success])
      else {
        expect([route.name, answer.status]).toEqual([route.name, 402])
        expectRefusal(answer, 'subscription_inactive')
        const [last] = (await world.events(organization.id)).slice(-1)
        expect(last?.type, route.name).not.toMatch(/^(usage|subscription)\./)
      }
    }
  })

  // What asks no subscription is tried where it could be refused.
  const isBlocking = blockedBy[status] === 'growth'
  it(`carries out ${isBlocking ? 'whatever else there is' : 'what narrows, too'}`, async () => {
    for (const route of isBlocking ? mutating : mutating.filter(({ name }) => name in growing)) {
      const how = growing[route.name]
      if (how === 'always') continue
      const { answer } = await send(route, status, how?.narrowing)
      expect([route.name, route.successes.includes(answer.status), answer.text.slice(0, 200)]).toEqual([
        route.name,
        true,
        expect.any(String),
      ])
    }
  })

  it('reads, checks keys and lets people in; counts usage as long as it blocks nothing', async () => {
    const organization = await newTenant(world, founder)
    const project = await world.project(organization)
    await setStatus(organization, status)
    const backend = world.withBearer(project.secretKey)
    const usage = await backend.post('/v1/backend/usage', { metric: 'api_requests', quantity: 1 })
    if (blockedBy[status] === 'nothing') expect(usage.status).toBe(200)
    else expectRefusal(usage, 'subscription_inactive')
    expect((await backend.get('/v1/backend/application')).status).toBe(200)
    expect((await world.withPublishableKey(project.publishableKey).get('/v1/client/config')).status).toBe(200)
    for (const path of ['subscription', 'usage', 'projects', 'members', 'audit-logs'])
      expect((await organization.owner.get(`/v1/orgs/${organization.id}/${path}`)).status).toBe(200)
    await world.signIn(organization.owner.email)
  })
})
