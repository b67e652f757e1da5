import { expect } from 'vitest'
import { system } from '../../src/actors.ts'
import { change } from '../../src/change/change.ts'
import { startSession } from '../../src/features/sessions/sessions.ts'
import { newId } from '../../src/lib/ids.ts'
import type { Role } from '../../src/roles.ts'
import type { Organization, Person, World } from './world.ts'

let count = 0

/** Another sign-in of this person, without hashing anything. */
export async function anotherSession(world: World, person: Person): Promise<Person> {
  const actor = { ...system('test'), request: { id: 'test', address: '127.0.0.1', userAgent: 'test' } }
  const { token } = await change(world.ctx, actor, (tx, record) =>
    startSession(world.ctx, tx, record, actor, {
      userId: person.id,
      authMethod: 'password',
      replaced: undefined,
    }),
  )
  return { ...person, ...world.withCookie(token), cookie: token, accessToken: '' }
}

/** A person with an organization on a large plan, and with the password of who signed up: a few milliseconds each. */
export async function newTenant(world: World, signedUp: Person): Promise<Organization> {
  const [id, email] = [newId('usr'), `tenant${++count}@example.com`]
  await world.sql('insert into users (id, email) values ($1, $2)', [id, email])
  await world.sql(
    `insert into password_credentials (user_id, password_hash)
     select $1, password_hash from password_credentials where user_id = $2`,
    [id, signedUp.id],
  )
  const owner = await anotherSession(world, { ...signedUp, id, email })
  return newOrganization(world, owner)
}

/** One more organization of this person, on a large plan. */
export async function newOrganization(world: World, owner: Person): Promise<Organization> {
  const { status, body } = await owner.post('/v1/orgs', { name: `Tenant ${++count}` })
  expect(status).toBe(201)
  await world.sql(`update subscriptions set plan_key = 'scale' where organization_id = $1`, [body.id])
  return { id: body.id, slug: body.slug, owner }
}

/** Somebody who is a member and nothing more: they are signed in nowhere. */
export async function newMember(world: World, { id }: Organization, role: Role): Promise<string> {
  const user = newId('usr')
  await world.sql(
    `with person as (insert into users (id, email) values ($1, $1 || '@example.com'))
     insert into memberships (id, organization_id, user_id, role) values ($2, $3, $1, $4)`,
    [user, newId('mem'), id, role],
  )
  return user
}

/** Makes somebody a member. */
export async function join(world: World, { id }: Organization, person: Person, role: Role): Promise<void> {
  await world.sql('insert into memberships (id, organization_id, user_id, role) values ($1, $2, $3, $4)', [
    newId('mem'),
    id,
    person.id,
    role,
  ])
}
