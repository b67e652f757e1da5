import type { Household } from './cached-answers.ts'
import { callerOn } from './caller.ts'
import type { TestService } from './service.ts'
import type { Person, World } from './world.ts'

/** The same world as another service on its database shows it. */
export function worldThrough(world: World, { ctx, port }: TestService): World {
  const callers = {
    caller: (headers = {}) => callerOn(port, headers),
    anonymous: callerOn(port),
    withCookie: (cookie: string) => callerOn(port, { cookie: `seqn_session=${cookie}` }),
    withBearer: (token: string) => callerOn(port, { authorization: `Bearer ${token}` }),
    withPublishableKey: (key: string) => callerOn(port, { 'x-seqn-publishable-key': key }),
  }
  // Not a copy: what the world looks up when it is asked has to be looked up then.
  const properties = Object.entries({ ...callers, ctx, port }).map(([name, value]) => [name, { value }])
  return Object.create(world, Object.fromEntries(properties))
}

export const personThrough = (replica: World, person: Person): Person => ({
  ...person,
  ...replica.withCookie(person.cookie),
})

export const householdThrough = (replica: World, household: Household): Household => ({
  ...household,
  owner: personThrough(replica, household.owner),
  visitor: personThrough(replica, household.visitor),
})
