import type { FastifyRequest } from 'fastify'
import type {
  Actor,
  Anyone,
  BackendApp,
  ClientApp,
  MemberWho,
  OrganizationMember,
  PlatformAdmin,
  ProjectUser,
  SignedInUser,
} from '../actors.ts'
import type { Permission } from '../roles.ts'

/** The caller as the kind that the route's audience admits; anything else is a route mounted in the wrong place. */
function as<T extends Actor>(request: FastifyRequest, kind: Actor['kind']): T {
  if (request.actor.kind !== kind)
    throw new Error(`${request.routeOptions.url} expects ${kind}, got ${request.actor.kind}`)
  return request.actor as T
}

export const anyone = (request: FastifyRequest) => as<Anyone>(request, 'anyone')
export const clientApp = (request: FastifyRequest) => as<ClientApp>(request, 'client')
export const backendApp = (request: FastifyRequest) => as<BackendApp>(request, 'backend')
export const projectUser = (request: FastifyRequest) => as<ProjectUser>(request, 'project_user')
export const signedInUser = (request: FastifyRequest) => as<SignedInUser>(request, 'user')

/** The caller as the platform audience admitted them. */
export function platformAdmin(request: FastifyRequest): PlatformAdmin {
  const { url, config } = request.routeOptions
  if (config.audience?.name !== 'platform') throw new Error(`${url} is no route of platform admins`)
  return as<PlatformAdmin>(request, 'user')
}

/** The member of the organization in the path, seen by the audience to hold the permission that the route declares. */
export function memberWho<P extends Permission>(request: FastifyRequest, permission: P): MemberWho<P> {
  const { url, config } = request.routeOptions
  if (config.permission !== permission)
    throw new Error(`${url} declares ${config.permission}, its handler wants ${permission}`)
  return as<MemberWho<P>>(request, 'user')
}

/** The member of the organization in the path, where the route is also for who names themself (`oneself`). */
export function memberOrOneself(request: FastifyRequest): OrganizationMember {
  const { url, config } = request.routeOptions
  if (!config.oneself) throw new Error(`${url} is not about oneself`)
  return as<OrganizationMember>(request, 'user')
}
