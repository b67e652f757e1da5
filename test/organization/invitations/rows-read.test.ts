import { beforeAll, expect, it } from 'vitest'
import type { InvitationStatus } from '../../../src/db/invitation-tables.ts'
import { listInvitationsOf } from '../../../src/features/invitations/queries.ts'
import { countUsers } from '../../../src/features/subscriptions/queries.ts'
import { countRowsRead } from '../../support/rows-read.ts'
import { type Organization, startWorld } from '../../support/world.ts'

const world = startWorld()
let organization: Organization

// Old ones that ended in every way, of two organizations, among which few are open or have only just expired.
beforeAll(async () => {
  organization = await world.organization({ plan: 'pro' })
  const other = await world.organization()
  await world.sql(
    `insert into invitations (id, organization_id, role, token_hash, status, max_uses, uses, created_at, expires_at)
     select 'inv_' || lpad(n::text, 26, '0'), case n % 2 when 0 then '${organization.id}' else '${other.id}' end, 'member',
       sha256(convert_to(n::text, 'UTF8')), status, 1, (status = 'accepted')::integer, now() - interval '90 days',
       case when n % 5000 = 0 then now() + interval '1 day' else now() - interval '1 second' end
     from generate_series(1, 20000) n, lateral (select case
       when n % 5000 = 0 or n % 7000 = 0 then 'pending' when n % 600 = 0 then 'revoked'
       when n % 2000 < 20 then 'expired' else 'accepted' end as status) made;
     analyze`,
  )
})

type Listed = { found: number; read: number }

async function readBy(status: InvitationStatus | undefined, before?: string): Promise<Listed> {
  return world.ctx.db.transaction().execute(async (tx) => {
    const list = () => listInvitationsOf(tx, organization.id, status, { most: 26, before })
    const { result, read } = await countRowsRead(tx, 'invitations', list)
    return { found: result.length, read }
  })
}

const statuses: [InvitationStatus | undefined, number][] = [
  [undefined, 26],
  ['pending', 4],
  ['accepted', 26],
  ['revoked', 26],
  ['expired', 26],
]

it.each(statuses)('reads little of a list of those that are %s', async (status, expected) => {
  for (const before of [undefined, `inv_${'0'.repeat(21)}20001`]) {
    const { found, read } = await readBy(status, before)
    expect(found).toBe(expected)
    expect(read).toBeLessThan(300)
  }
})

it('counts the places that are taken without looking at what is over', async () => {
  const { result, read } = await world.ctx.db
    .transaction()
    .execute((tx) => countRowsRead(tx, 'invitations', () => countUsers(tx, organization.id)))
  expect(result).toBe(1 + 4)
  expect(read).toBeLessThan(100)
})
