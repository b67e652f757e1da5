import { expect } from 'vitest'
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
export const tokenOf = (url: string): string =>
  /^http:\/\/accounts\.silver\.test\/invite\/([\w-]{43})$/.exec(url)?.[1] ?? ''

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
