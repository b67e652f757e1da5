import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { codeBlocks } from '../support/code-blocks.ts'
import { followDocument } from '../support/document.ts'
import { startWebhookReceiver } from '../support/receiver.ts'
import { startService } from '../support/service.ts'
import { expectRefusal } from '../support/shapes.ts'
import { anotherSession, join, newTenant } from '../support/tenants.ts'
import { startWorker, untilStatuses } from '../support/webhook-worker.ts'
import { type Organization, type Person, startWorld } from '../support/world.ts'

const page = 'docs/support-admin-runbook.md'
// One route is as narrow as somebody complains that it is.
const world = startWorld({ environment: { RATE_LIMIT_ROUTES: '/v1/config=2,*=1000000' } })
const { meant, shell, chapter } = followDocument(page, world)
const [access = ''] = await codeBlocks(page)
const [signUp = ''] = await codeBlocks('README.md', { below: '## Use' })

let ada: Organization
let grace: Person

/** Runs the commands of a chapter, one after the other; each answer is JSON. */
async function follow(heading: string) {
  const steps = await chapter(heading)
  return {
    rest: () => steps.length,
    async next(holds: string, expected = 0) {
      const step = steps.shift() ?? ''
      expect(step, 'the document goes on so').toContain(holds)
      const output = await shell(step, expected)
      return output.startsWith('{') ? JSON.parse(output) : output
    },
  }
}

beforeAll(async () => {
  const made = await shell(signUp)
  meant.sk_live_abcd1234 = /sk_live_[0-9a-z]{8}/.exec(made)?.[0] ?? ''
  meant['pk_live_…'] = /pk_live_[0-9a-z]{32}/.exec(made)?.[0] ?? ''
  const [row] = await world.sql<{ id: string; user_id: string }>(
    `select organizations.id, user_id from organizations join memberships on organization_id = organizations.id where slug = 'ada'`,
  )
  const founder = await world.signIn('ada@example.com', 'a long password of mine')
  ada = { id: row?.id ?? '', slug: 'ada', owner: founder }
  grace = (await newTenant(world, { ...founder, password: 'a long password of mine' })).owner
  await world.sql(`update users set email = 'grace@example.com' where id = $1`, [grace.id])
  await join(world, ada, grace, 'viewer')
  meant['usr_…'] = grace.id
  meant['SESSION=…'] = `SESSION=${(await world.platformAdmin()).cookie}`
  expect(JSON.parse(await shell(access)).platformAdmin).toBe(true)
})

const signIn = () =>
  world.anonymous.post('/v1/auth/login', { email: 'grace@example.com', password: 'a long password of mine' })

it('finds out why somebody cannot sign in, and lets them', async () => {
  await world.sql('update users set disabled_at = now() where id = $1', [grace.id])
  expectRefusal(await signIn(), 'authentication_required')
  await world.ctx.batches.flush()

  const steps = await follow('Somebody cannot sign in')
  const { data } = await steps.next('/v1/platform/users?query=')
  expect(data).toEqual([
    expect.objectContaining({ id: grace.id, disabledAt: expect.any(String), hasPassword: true }),
  ])
  expect(await steps.next('/enable')).toMatchObject({ id: grace.id, disabledAt: null })
  expect((await signIn()).status).toBe(200)
  const log = await steps.next('/audit-logs?action=auth.*')
  expect(log.data.map(({ action }: { action: string }) => action)).toContain('auth.login.failed')
  expect(steps.rest()).toBe(0)
})

it('gives an organization an admin again, and the platform one', async () => {
  const path = `/v1/orgs/ada/sessions`
  expectRefusal(await (await again()).get(path), 'forbidden')

  const steps = await follow('Admin access is missing')
  const { data } = await steps.next('/v1/platform/users?organization=ada')
  const rolesHere = data.map((user: { id: string; organizations: { slug: string; role: string }[] }) => [
    user.id,
    user.organizations.find(({ slug }) => slug === 'ada')?.role,
  ])
  expect(Object.fromEntries(rolesHere)).toEqual({ [grace.id]: 'viewer', [ada.owner.id]: 'owner' })
  expect(await steps.next('admin grant grace@example.com ada admin')).toContain('is admin of ada')
  // Another process did it: until the service has heard of that.
  await world.sql('select')
  expect((await (await again()).get(path)).status).toBe(200)
  expect(await steps.next('admin grant-platform grace@example.com')).toContain('is a platform admin')
  expect(steps.rest()).toBe(0)
})

/** Another sign-in of Grace. */
const again = () => anotherSession(world, grace)

it('ends the sessions of a person here, then everywhere', async () => {
  const lost = await again()
  expect((await lost.get('/v1/orgs/ada')).status).toBe(200)

  const steps = await follow('Revoke sessions')
  const listed = (await steps.next('/sessions?user=')).data.length
  expect(listed).toBeGreaterThan(0)
  expect(await steps.next('"dryRun":true')).toEqual({ count: listed, hasMore: false })
  expect((await lost.get('/v1/orgs/ada')).status).toBe(200)
  expect(await steps.next('/sessions/revoke')).toEqual({ count: listed, hasMore: false })
  expectRefusal(await lost.get('/v1/orgs/ada'), 'authentication_required')
  expect((await lost.get('/v1/me')).status).toBe(200)
  expect(await steps.next('/disable')).toMatchObject({ disabledAt: expect.any(String) })
  expectRefusal(await lost.get('/v1/me'), 'authentication_required')
  expect(steps.rest()).toBe(0)
  await world.sql('update users set disabled_at = null where id = $1', [grace.id])
})

it('finds a project that is switched off and an address that is missing', async () => {
  const path = '/v1/orgs/ada/projects/shop'
  await ada.owner.patch(path, { status: 'disabled', origins: [] })

  const steps = await follow("A project's configuration is wrong")
  expect((await steps.next('/v1/client/config', 22)).error.code).toBe('application_disabled')
  const { data } = await steps.next('/v1/platform/secret-keys?prefix=')
  expect(data).toEqual([
    expect.objectContaining({
      project: expect.objectContaining({ slug: 'shop', status: 'disabled' }),
      organization: expect.objectContaining({ slug: 'ada' }),
      expiresAt: null,
    }),
  ])
  expect(await steps.next('/projects/$PROJECT')).toMatchObject({ status: 'disabled', origins: [] })
  expect(await steps.next('PATCH')).toMatchObject({ status: 'active', origins: ['https://shop.example.com'] })
  expect(steps.rest()).toBe(0)
  const [config = ''] = await chapter("A project's configuration is wrong")
  expect(JSON.parse(await shell(config)).application.slug).toBe('shop')
})

it('lifts a subscription that blocks, then a limit', async () => {
  const create = () =>
    ada.owner.post('/v1/orgs/ada/projects', { name: 'Next', redirectUrls: [], origins: [] })
  await world.sql(`update subscriptions set status = 'expired' where organization_id = $1`, [ada.id])
  expectRefusal(await create(), 'subscription_inactive')

  const steps = await follow('The subscription blocks')
  const { data } = await steps.next('/v1/platform/organizations?query=ada')
  expect(data).toEqual([expect.objectContaining({ subscription: { planKey: 'free', status: 'expired' } })])
  expect(await steps.next('"status":"active"')).toMatchObject({ status: 'active' })
  expect((await create()).status).toBe(201)
  expect((await create()).body.error.code, 'the second project of Free was the last').toBe(
    'subscription_limit_exceeded',
  )
  expect(await steps.next('"overrides"')).toMatchObject({ limits: { projects: 5 } })
  expect((await create()).status).toBe(201)
  expect(steps.rest()).toBe(0)
})

it('finds an endpoint that was switched off, and delivers what failed', async () => {
  const receiver = await startWebhookReceiver()
  const worker = startWorker(world)
  onTestFinished(async () => {
    await worker.stop()
    await receiver.close()
  })
  receiver.answers({ status: 410, body: 'moved away' }, 204)
  const { body } = await ada.owner.post('/v1/orgs/ada/webhook-endpoints', {
    url: `${receiver.url}/hook`,
    eventTypes: ['organization.updated'],
  })
  await ada.owner.patch('/v1/orgs/ada', { name: 'Countess' })
  const [failed] = await untilStatuses(world, body.endpoint, ['failed'])
  Object.assign(meant, { 'whe_…': body.endpoint.id, 'dlv_…': failed?.id ?? '' })

  const steps = await follow('A webhook does not arrive')
  const { data } = await steps.next('/webhook-deliveries?')
  expect(data[0]).toMatchObject({ id: failed?.id, status: 'failed', lastAttempt: { status: 410 } })
  expect((await steps.next('/webhook-deliveries/$DELIVERY')).allAttempts).toEqual([
    expect.objectContaining({ status: 410, answer: 'moved away' }),
  ])
  expect(await steps.next('/webhook-endpoints/$ENDPOINT')).toMatchObject({
    enabled: false,
    disabledReason: 'gone',
  })
  expect(await steps.next('"enabled":true')).toMatchObject({ enabled: true })
  expect(await steps.next('/retry')).toMatchObject({ id: failed?.id })
  await untilStatuses(world, body.endpoint, ['succeeded'])
  expect(receiver.requests).toHaveLength(2)
  expect(steps.rest()).toBe(0)
})

it('tells which limit somebody met, and widens it', async () => {
  for (let asked = 0; asked < 2; asked++) await world.anonymous.get('/v1/config')
  const [ask = '', ...more] = await chapter('Somebody is rate limited')
  expect(more).toEqual([])
  const refused = await shell(ask, 22)
  expect(refused).toMatch(/^HTTP\/1\.1 429 /)
  expect(refused).toMatch(/^ratelimit-limit: 2\r?$/im)
  expect(refused).toMatch(/^retry-after: [1-9]\d*\r?$/im)

  const [setting = ''] = await codeBlocks(page, { language: 'ini', below: '## Somebody is rate limited' })
  const [name = '', value = ''] = setting.trim().split(/=(.*)/s)
  const wider = await startService(world.database, { environment: { [name]: value } })
  onTestFinished(() => wider.stop())
  const there = ask.replaceAll('http://127.0.0.1:4080', `http://127.0.0.1:${wider.port}`)
  for (let asked = 0; asked < 3; asked++) expect(await shell(there)).toMatch(/^ratelimit-limit: 500\r?$/im)
})
