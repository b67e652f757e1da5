import { call, cookieOf } from '../../support/http.ts'
import type { Receivers } from './receivers.ts'

export const password = 'correct-horse-battery'

/** What the load knows of one organization. While a change of it is under way, no other begins. */
export type Workspace = {
  organizationId: string
  userId: string
  email: string
  /** Of the session that is never signed out. */
  token: string
  projects: { id: string; publishableKey: string; keys: string[]; isDisabled: boolean }[]
  endedKeys: string[]
  sessions: { id: string; token: string }[]
  endedSessions: { id: string; token: string }[]
  isBusy: boolean
}

let count = 0

/** Signs somebody up, and so makes an organization that the load can work in. */
export async function makeWorkspace(port: number): Promise<Workspace> {
  const email = `owner-${++count}-${process.pid}@example.com`
  const body = { email, password, organization_name: `Workspace ${count}` }
  const answer = await call(port, { method: 'POST', path: '/v1/auth/register', body })
  if (answer.status !== 201) throw new Error(`signing up answered ${answer.status}: ${answer.text}`)
  return {
    organizationId: answer.body.user.organization_id,
    userId: answer.body.user.user_id,
    email,
    token: cookieOf(answer, '__Host-seqn_session') ?? '',
    projects: [],
    endedKeys: [],
    sessions: [],
    endedSessions: [],
    isBusy: false,
  }
}

const cookie = (token: string) => ({ cookie: `__Host-seqn_session=${token}` })

/** For receivers on this machine, which production would refuse. */
export const webhookSettings = { WEBHOOK_ALLOW_INSECURE: 'on', WEBHOOK_ALLOW_PRIVATE_ADDRESSES: 'on' }

/** Adds an endpoint whose receiver is found by the organization's id and this name. */
export async function addEndpoint(
  port: number,
  { organizationId, token }: Workspace,
  receivers: Receivers,
  { name, eventTypes }: { name: string; eventTypes: string[] },
): Promise<string> {
  const path = `/${organizationId}/${name}`
  const answer = await call(port, {
    method: 'POST',
    path: `/v1/orgs/${organizationId}/webhook-endpoints`,
    headers: cookie(token),
    body: { url: receivers.urlOf(path), eventTypes },
  })
  if (answer.status !== 201) throw new Error(`adding an endpoint answered ${answer.status}: ${answer.text}`)
  receivers.expectSecret(path, answer.body.secret)
  return path
}
