import { beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../../src/lib/ids.ts'
import { startSpine } from '../support/spine.ts'

const spine = startSpine()
let mine: string
let theirs: string
const project = { mine: newId('app'), theirs: newId('app') }

beforeAll(async () => {
  mine = await spine.organization()
  theirs = await spine.organization()
  for (const [id, organization] of [
    [project.mine, mine],
    [project.theirs, theirs],
  ]) {
    await spine.sql(
      'insert into projects (id, organization_id, slug, name, publishable_key) values ($1, $2, $1, $1, $1)',
      [id, organization],
    )
    await insertKey(`${id}-key`, organization ?? '', id ?? '')
    await insertEndpoint(`${id}-endpoint`, organization ?? '', id ?? '')
  }
})

const insertKey = (id: string, organizationId: string, projectId: string) =>
  spine.sql(
    `insert into secret_keys (id, organization_id, project_id, prefix, hash) values ($1, $2, $3, 'sk', convert_to($1, 'UTF8'))`,
    [id, organizationId, projectId],
  )
const insertEndpoint = (id: string, organizationId: string, projectId: string | null) =>
  spine.sql(
    `insert into webhook_endpoints (id, organization_id, project_id, url, event_types, sealed_secret)
     values ($1, $2, $3, 'https://a.example', '{*}', '')`,
    [id, organizationId, projectId],
  )
const insertDelivery = (organizationId: string, endpointId: string) =>
  spine.sql(
    `insert into webhook_deliveries (id, organization_id, endpoint_id, event_id, event_type, next_attempt_at)
     values ($1, $2, $3, 'evt', 'user.created', now())`,
    [newId('dlv'), organizationId, endpointId],
  )
const refusal = { code: '23503' }

describe('Postgres itself refuses what would cross tenants', () => {
  it.each([
    ['a key of mine for their project', () => insertKey('k1', mine, project.theirs)],
    ['a key of theirs for my project', () => insertKey('k2', theirs, project.mine)],
    ['an endpoint of mine for their project', () => insertEndpoint('e1', mine, project.theirs)],
    ['a delivery of mine to their endpoint', () => insertDelivery(mine, `${project.theirs}-endpoint`)],
    [
      'moving a key to another organization',
      () =>
        spine.sql('update secret_keys set organization_id = $1 where project_id = $2', [
          theirs,
          project.mine,
        ]),
    ],
    [
      'moving a key to a project of another organization',
      () =>
        spine.sql('update secret_keys set project_id = $1 where project_id = $2', [
          project.theirs,
          project.mine,
        ]),
    ],
    [
      'moving a project that has keys',
      () => spine.sql('update projects set organization_id = $1 where id = $2', [theirs, project.mine]),
    ],
  ])('%s', async (_what, statement) => {
    await expect(statement()).rejects.toMatchObject(refusal)
  })

  it('by foreign keys that name the organization wherever one table of tenants points to another', async () => {
    const rows = await spine.sql<{ name: string; columns: string[] }>(
      `with tenant_tables as (
         select attrelid from pg_attribute join pg_class on pg_class.oid = attrelid
         where attname = 'organization_id' and relkind = 'r' and relnamespace = 'public'::regnamespace)
       select conname as name,
         array(select attname::text from pg_attribute where attrelid = conrelid and attnum = any(conkey)) as columns
       from pg_constraint
       where contype = 'f' and conrelid in (table tenant_tables) and confrelid in (table tenant_tables)`,
    )
    expect(rows.length).toBeGreaterThan(0)
    for (const { columns } of rows) expect(columns).toContain('organization_id')
  })
})
