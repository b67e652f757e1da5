import { describe, expect, it } from 'vitest'
import { cookieOf } from '../../support/http.ts'
import { startOidcWorld } from '../../support/oidc-world.ts'

const oidc = startOidcWorld()
const { world } = oidc

const inUse = async (sub: string) => {
  const { browser, answer } = await oidc.signIn(sub)
  expect([answer.status, answer.headers.location, cookieOf(answer)]).toEqual([
    303,
    '/auth-error/email_in_use',
    undefined,
  ])
  const page = await browser.open('/auth-error/email_in_use')
  expect(page.text).toContain('This address has an account already')
  expect(page.text).toContain(String(page.headers['x-request-id']))
}
const verify = (id: string) => world.sql('update users set email_verified_at = now() where id = $1', [id])

it('gives an address to who proved it, and takes it from an account that never did', async () => {
  const { owner, id } = await world.organization()
  await world.sql('insert into platform_admins (user_id) values ($1)', [owner.id])
  oidc.person({ sub: 'proven', email: owner.email.toUpperCase(), name: 'Proven' })
  const { me } = await oidc.signedIn('proven')
  expect(me.user).toMatchObject({ email: owner.email, emailVerified: true, name: 'Proven' })
  expect(me.user.id).not.toBe(owner.id)
  expect(me.organizations.map((one: { id: string }) => one.id)).not.toContain(id)

  expect((await owner.get('/v1/me')).status).toBe(401)
  const signIn = { email: owner.email, password: owner.password }
  expect((await world.anonymous.post('/v1/auth/login', signIn)).status).toBe(401)
  expect(await world.sql('select email, email_verified_at from users where id = $1', [owner.id])).toEqual([
    { email: expect.stringMatching(/^displaced-[0-9a-z]{24}@displaced\.invalid$/), email_verified_at: null },
  ])
  for (const table of ['password_credentials', 'platform_admins'])
    expect(await world.sql(`select from ${table} where user_id = $1`, [owner.id]), table).toEqual([])
  const log = (await world.auditLog(id)).slice(-3)
  expect(log.map(({ action, target_id }) => [action, target_id])).toEqual([
    ['user.updated', owner.id],
    ['auth.email.taken_over', owner.id],
    ['session.revoked', expect.stringMatching(/^ses_/)],
  ])
  expect(log[2]?.details).toContain('email_taken_over')
  expect(await world.sql('select role from memberships where user_id = $1', [owner.id])).toEqual([
    { role: 'owner' },
  ])
})

it('gives an unproven address to nobody who comes with it', async () => {
  const { owner } = await world.organization()
  oidc.person({ sub: 'unproven', email: owner.email, emailVerified: false })
  await inUse('unproven')
  await verify(owner.id)
  await inUse('unproven')
  expect((await owner.get('/v1/me')).status).toBe(200)
})

it('leaves an address that both have proved where it is', async () => {
  const { owner } = await world.organization()
  await verify(owner.id)
  oidc.person({ sub: 'both', email: owner.email })
  await inUse('both')
  expect((await owner.get('/v1/me')).body.user.email).toBe(owner.email)
})

it('lets somebody begin with an unproven address that is free, until another proves it', async () => {
  oidc.person({ sub: 'early', email: 'free@example.com', emailVerified: false })
  const early = await oidc.signedIn('early')
  expect(early.me.user).toMatchObject({ email: 'free@example.com', emailVerified: false })
  oidc.person({ sub: 'owner', email: 'free@example.com' })
  const owner = await oidc.signedIn('owner')
  expect(owner.me.user.id).not.toBe(early.me.user.id)
  expect((await early.get('/v1/me')).status).toBe(401)
  // Who they are at the provider has not changed: the account is theirs, the address is not.
  const again = await oidc.signedIn('early')
  expect(again.me.user.id).toBe(early.me.user.id)
  expect(again.me.user.email).toMatch(/@displaced\.invalid$/)
})

describe('an address that is proved later', () => {
  it('counts as verified from the next sign-in on, and cannot be taken over any more', async () => {
    const person = oidc.person({ sub: 'later', email: 'Later@Example.com', emailVerified: false })
    const first = await oidc.signedIn('later')
    expect(first.me.user.emailVerified).toBe(false)
    oidc.provider.people.set('later', { ...person, emailVerified: true })
    for (const _ of ['twice', 'changes it once']) {
      const { me } = await oidc.signedIn('later')
      expect(me.user).toMatchObject({ id: first.me.user.id, email: 'later@example.com', emailVerified: true })
    }
    const log = await world.auditLog(first.me.organizations[0].id)
    const updates = log.filter(({ action }) => action === 'user.updated')
    expect(updates.map(({ target_id }) => target_id)).toEqual([first.me.user.id])
    oidc.person({ sub: 'rival', email: 'later@example.com' })
    await inUse('rival')
  })

  it('is not ours when it is another one', async () => {
    const person = oidc.person({ sub: 'mover', emailVerified: false })
    await oidc.signedIn('mover')
    oidc.provider.people.set('mover', { ...person, email: 'elsewhere@example.com', emailVerified: true })
    expect((await oidc.signedIn('mover')).me.user).toMatchObject({
      email: 'mover@example.com',
      emailVerified: false,
    })
  })
})

it.each(['true', 1, {}, null])('believes no e-mail that is verified %j', async (emailVerified) => {
  const { owner } = await world.organization()
  const odd = { emailVerified } as unknown as { emailVerified: boolean }
  oidc.person({ sub: `odd ${JSON.stringify(emailVerified)}`, email: owner.email, ...odd })
  await inUse(`odd ${JSON.stringify(emailVerified)}`)
})
