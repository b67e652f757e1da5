import { expect, it } from 'vitest'
import { makeApp, signInTo } from '../support/app-sign-in.ts'
import { expectInvalid } from '../support/shapes.ts'
import { type Organization, startWorld } from '../support/world.ts'

const world = startWorld({ clock: () => new Date('2026-05-12T00:00:00.000Z') })

const months = async ({ owner, id }: Organization, query = '') =>
  (await owner.get(`/v1/orgs/${id}/usage${query}`)).body.data.map(({ month }: { month: string }) => month)
const put = (
  organization: Organization,
  month: string,
  quantity = 1,
  projectId = '',
  metric = 'api_requests',
) =>
  world.sql('insert into usage_counters values ($1, $2, $3, $4, $5)', [
    organization.id,
    month,
    metric,
    projectId,
    quantity,
  ])
const sessionsOf = async (organization: Organization) => {
  await world.ctx.batches.flush()
  const path = `/v1/orgs/${organization.id}/subscription`
  return (await organization.owner.get(path)).body.usage.monthlySessions as number
}

it('tells of each metric and month, the newest month first, and of what each project reported', async () => {
  const organization = await world.organization()
  await put(organization, '2026-04', 3)
  await put(organization, '2026-05', 9)
  await put(organization, '2026-05', 7, 'app_1')
  await put(organization, '2026-05', 2, 'app_2')
  await put(organization, '2026-05', 40, '', 'monthly_sessions')
  const answer = await organization.owner.get(`/v1/orgs/${organization.id}/usage`)
  expect([answer.status, answer.body]).toEqual([
    200,
    {
      data: [
        {
          metric: 'api_requests',
          month: '2026-05',
          quantity: 9,
          projects: [
            { id: 'app_1', quantity: 7 },
            { id: 'app_2', quantity: 2 },
          ],
        },
        { metric: 'monthly_sessions', month: '2026-05', quantity: 40, projects: [] },
        { metric: 'api_requests', month: '2026-04', quantity: 3, projects: [] },
      ],
    },
  ])
})

it.each([
  ['', ['2026-05', '2025-06']],
  ['?from=2025-05', ['2026-05', '2025-06', '2025-05']],
  ['?to=2026-04', ['2025-06', '2025-05']],
  ['?from=2025-06&to=2025-06', ['2025-06']],
  ['?from=2025-06-30&to=2026-05-01', ['2026-05', '2025-06']],
  ['?from=2025-06-30T23:59:59.999Z&to=2025-06-01T00:00:00.000Z', ['2025-06']],
  ['?from=2025-07-01T00:30:00%2B02:00&to=2025-07-01T00:30:00%2B02:00', ['2025-06']],
])('takes months, days and times: %s', async (query, expected) => {
  const organization = await world.organization()
  for (const month of ['2026-05', '2025-06', '2025-05']) await put(organization, month)
  expect(await months(organization, query)).toEqual(expected)
})

it.each([
  ['?from=2026-05&to=2026-04', 'from'],
  ['?from=2023-05&to=2026-05', 'from'],
  ['?from=0000-01', 'from'],
  ['?from=2026-13', 'from'],
  ['?to=2026-02-30', 'to'],
  ['?to=yesterday', 'to'],
  ['?from=', 'from'],
])('refuses %s', async (query, field) => {
  const { owner, id } = await world.organization()
  expectInvalid(await owner.get(`/v1/orgs/${id}/usage${query}`), field)
})

it('asks an index, however many counters others have', async () => {
  const organization = await world.organization()
  await put(organization, '2026-05')
  await world.sql(`insert into usage_counters select id, to_char(day, 'YYYY-MM'), 'api_requests', 'app_' || n, 1
    from organizations, generate_series(1, 200) n,
      generate_series(timestamp '2020-01-01', timestamp '2024-12-01', interval '1 month') day`)
  await world.sql('analyze usage_counters')
  const [{ 'QUERY PLAN': plan } = {}] = await world.sql<{ 'QUERY PLAN': unknown }>(
    `explain (format json) select * from usage_counters
     where organization_id = $1 and month >= $2 and month <= $3 order by month desc, metric, project_id`.replaceAll(
      /\$(\d)/g,
      (_, n) => `'${[organization.id, '2026-01', '2026-05'][n - 1]}'`,
    ),
  )
  expect(JSON.stringify(plan)).toContain('usage_counters_pkey')
  expect(JSON.stringify(plan)).not.toContain('Seq Scan')
})

it('counts each session once a month, whoever looks in from the console or an app', async () => {
  const organization = await world.organization({ plan: 'pro' })
  expect(await sessionsOf(organization)).toBe(0)
  expect(await sessionsOf(organization)).toBe(1)
  const again = await world.signIn(organization.owner.email)
  for (let i = 0; i < 3; i++) await again.get(`/v1/orgs/${organization.id}`)
  expect(await sessionsOf(organization)).toBe(2)
  const auditor = await world.signIn(organization.owner.email)
  await auditor.get('/v1/audit-logs')
  expect(await sessionsOf(organization)).toBe(3)
  const app = await makeApp(world, organization)
  await signInTo(world, app, (await world.organization()).owner)
  expect(await sessionsOf(organization)).toBe(4)
  await world.sql(
    `update session_organizations set last_seen_at = now() - interval '2 minutes' where organization_id = $1`,
    [organization.id],
  )
  await again.get(`/v1/orgs/${organization.id}`)
  expect(await sessionsOf(organization)).toBe(4)
})

it('counts a session again in another month', async () => {
  const organization = await world.organization()
  await sessionsOf(organization)
  expect(await sessionsOf(organization)).toBe(1)
  await world.sql(
    `update session_organizations set last_seen_at = now() - interval '40 days', counted_month = '2026-04'
     where organization_id = $1`,
    [organization.id],
  )
  await organization.owner.get(`/v1/orgs/${organization.id}`)
  expect(await sessionsOf(organization)).toBe(2)
})

it('tells of a guide that sessions reach', async () => {
  const organization = await world.organization()
  await sessionsOf(organization)
  await world.ctx.batches.flush()
  await world.sql('update usage_counters set quantity = 799 where organization_id = $1', [organization.id])
  const again = await world.signIn(organization.owner.email)
  await again.get(`/v1/orgs/${organization.id}`)
  expect(await sessionsOf(organization)).toBe(800)
  const told = (await world.events(organization.id)).at(-1)
  expect(told).toMatchObject({
    type: 'subscription.limit_reached',
    data: { percent: 80, used: 800, most: 1_000 },
  })
})
