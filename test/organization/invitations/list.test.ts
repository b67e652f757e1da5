import { beforeAll, expect, it } from 'vitest'
import { keepHouse } from '../../../src/housekeeping.ts'
import { expire, invitationsPath, makeInvitation } from '../../support/invitations.ts'
import { expectInvalid, expectRefusal } from '../../support/shapes.ts'
import { type Organization, startWorld } from '../../support/world.ts'

const world = startWorld()
let organization: Organization
const ids: Record<string, string[]> = { pending: [], accepted: [], revoked: [], expired: [] }

beforeAll(async () => {
  organization = await world.organization({ plan: 'pro' })
  for (let round = 0; round < 3; round++) {
    for (const [status, made] of Object.entries(ids)) {
      const invitation = await makeInvitation(organization)
      made.unshift(invitation.id)
      if (status === 'revoked') await organization.owner.delete(invitation.path)
      if (status === 'expired') await expire(world, invitation)
      if (status === 'accepted')
        await world.sql(`update invitations set uses = 1, status = 'accepted' where id = $1`, [invitation.id])
    }
    // Some of what expired is written down as such, the rest is not yet.
    if (round === 1) await keepHouse(world.ctx)
  }
})

async function pagesOf(query: string): Promise<{ id: string; status: string }[][]> {
  const pages = []
  for (let cursor = ''; ; ) {
    const { status, body } = await organization.owner.get(
      `${invitationsPath(organization)}?${query}${cursor}`,
    )
    expect(status).toBe(200)
    pages.push(body.data)
    if (body.nextCursor === null) return pages
    cursor = `&cursor=${encodeURIComponent(body.nextCursor)}`
  }
}

it('lists all, newest first, page by page', async () => {
  const pages = await pagesOf('limit=5')
  expect(pages.map((page) => page.length)).toEqual([5, 5, 2])
  expect(pages.flat().map(({ id }) => id)).toEqual(Object.values(ids).flat().sort().reverse())
})

it.each(Object.keys(ids))('lists those that are %s, with the status that they have now', async (status) => {
  const rows = (await pagesOf(`status=${status}&limit=2`)).flat()
  expect(rows.map(({ id }) => id)).toEqual(ids[status])
  expect(new Set(rows.map((row) => row.status))).toEqual(new Set([status]))
  const among = (await pagesOf('limit=100')).flat().filter((row) => row.status === status)
  expect(among).toEqual(rows)
})

it('refuses an unknown status, and a cursor of another status', async () => {
  const path = invitationsPath(organization)
  expectInvalid(await organization.owner.get(`${path}?status=open`), 'status')
  const { nextCursor } = (await organization.owner.get(`${path}?status=pending&limit=1`)).body
  const cursor = encodeURIComponent(nextCursor)
  expectInvalid(await organization.owner.get(`${path}?status=revoked&cursor=${cursor}`), 'cursor')
  expectInvalid(await organization.owner.get(`${path}?cursor=${cursor}`), 'cursor')
})

it('is for those who may invite', async () => {
  const member = await world.member(organization, 'member')
  expectRefusal(await member.get(invitationsPath(organization)), 'forbidden')
})
