import type { Permission, Role } from './roles.ts'

/** What a request tells beside who calls: kept with sessions and audit rows. */
export type RequestFacts = {
  id: string
  address: string
  userAgent: string | null
  idempotency?: IdempotentRequest
}

/** A request that carries an `Idempotency-Key`; `answer` shapes the result of its change, which is all that is kept. */
export type IdempotentRequest = {
  key: string
  fingerprint: string
  answer: (result: unknown) => unknown
}

type Called<Kind extends string> = { kind: Kind; request: RequestFacts }

export type Anyone = Called<'anyone'>

/** Work of the service itself: commands, first start, housekeeping. */
export type System = Called<'system'>

/** A browser app that showed a project's publishable key. */
export type ClientApp = Called<'client'> & { projectId: string; organizationId: string }

/** A back end that showed a project's secret key. */
export type BackendApp = Called<'backend'> & {
  keyId: string
  keyPrefix: string
  projectId: string
  organizationId: string
}

export type SignedInUser = Called<'user'> & {
  userId: string
  sessionId: string
  /** What was shown: the browser's cookie, or an access token, which cannot become a longer session. */
  credential: 'cookie' | 'access_token'
  activeOrganizationId: string | null
  /** A password or factor was shown within the last 30 minutes. */
  recentlyAuthenticated: boolean
}

/** A person as one project knows them: shown by an access token of that project, which reads who it is about and no more. */
export type ProjectUser = Called<'project_user'> & {
  userId: string
  projectId: string
  organizationId: string
  projectSessionId: string
}

/** A person inside the organization that the request's path names. */
export type OrganizationMember = SignedInUser & { organizationId: string; role: Role }

declare const permitted: unique symbol

/** A member whose role has been seen to carry these permissions; only an audience makes one. */
export type MemberWho<P extends Permission> = OrganizationMember & { [permitted]: P }

declare const isPlatformAdmin: unique symbol

/** A person whose session has platform power at this moment; only the platform audience makes one. */
export type PlatformAdmin = SignedInUser & { [isPlatformAdmin]: true }

export type Actor = Anyone | System | ClientApp | BackendApp | ProjectUser | SignedInUser | OrganizationMember

/** The service acting by itself, named so that audit rows tell which part of it. */
export function system(part: string): System {
  return { kind: 'system', request: { id: `system:${part}`, address: '', userAgent: null } }
}
