import { expect } from 'vitest'
import type { Caller } from './caller.ts'
import type { Organization, World } from './world.ts'

export type Invitation = {
  id: string
  /** Of its routes. */
  path: string
  token: string
  shown: Record<string, unknown>
}

export const invitationsPath = ({ id }: { id: string }) => `/v1/orgs/${id}/invitations`

/** The token at the end of a link. */
export const tokenOf = (url: string): string => /\/invite\/([\w-]{43})$/.exec(url)?.[1] ?? ''

/** A manual invite link as the organization's owner makes it. */
export async function makeInvitation(
  organization: Organization,
  body: Record<string, unknown> = {},
): Promise<Invitation> {
  const answer = await organization.owner.post(invitationsPath(organization), { role: 'member', ...body })
  expect(answer.status, answer.text).toBe(201)
  const { invitation, url } = answer.body
  return {
    id: invitation.id,
    path: `${invitationsPath(organization)}/${invitation.id}`,
    token: tokenOf(url),
    shown: invitation,
  }
}

/** Lets an invitation's time be over. */
export const expire = (world: World, { id }: { id: string }) =>
  world.sql(`update invitations set expires_at = now() - interval '1 second' where id = $1`, [id])

const ofToken = '/v1/auth/invitations'

export const preview = (caller: Caller, token: string) => caller.get(`${ofToken}/preview?token=${token}`)
export const accept = (caller: Caller, token: string, body: object = {}) =>
  caller.post(`${ofToken}/accept`, { token, ...body })
export const decline = (caller: Caller, token: string) => caller.post(`${ofToken}/decline`, { token })

/** Whoever belongs to the organization, with their roles, by address. */
export async function membersOf(world: World, { id }: { id: string }): Promise<Record<string, string>> {
  const rows = await world.sql<{ email: string; role: string }>(
    'select email, role from memberships join users on users.id = user_id where organization_id = $1',
    [id],
  )
  return Object.fromEntries(rows.map(({ email, role }) => [email, role]))
}

/** Lets a person's address be as proven as a provider can prove it. */
export const verifyAddress = (world: World, { id }: { id: string }) =>
  world.sql('update users set email_verified_at = now() where id = $1', [id])
