import { expect, it } from 'vitest'
import { expectInvalid, expectRefusal } from '../support/shapes.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const path = '/v1/platform/secret-keys'
const lookedUp = async () =>
  (await world.auditLog('platform')).filter(({ action }) => action === 'platform.secret_key.looked_up')

it('tells whose a key is, also once it was revoked, and puts the look-up on record', async () => {
  const admin = await world.platformAdmin()
  const organization = await world.organization({ name: 'Leaky' })
  const project = await world.project(organization, { name: 'Shop' })
  const prefix = project.secretKey.slice(0, 16)
  const shown = {
    id: expect.stringMatching(/^key_/),
    prefix,
    createdAt: expect.any(String),
    expiresAt: null,
    lastUsedAt: null,
    project: { id: project.id, slug: 'shop', name: 'Shop', status: 'active' },
    organization: { id: organization.id, slug: organization.slug, name: 'Leaky' },
  }
  const answer = await admin.get(`${path}?prefix=${prefix}`)
  expect([answer.status, answer.body]).toEqual([200, { data: [shown], nextCursor: null }])
  const [row] = await lookedUp()
  expect(row).toMatchObject({ actor_kind: 'user', actor_id: admin.id, target_id: project.id })
  expect(JSON.parse(row?.details ?? '')).toMatchObject({ prefix, projectIds: [project.id] })

  await organization.owner.delete(
    `/v1/orgs/${organization.id}/projects/${project.id}/secret-keys/${answer.body.data[0].id}`,
  )
  const later = await admin.get(`${path}?prefix=${prefix}`)
  expect(later.body.data).toEqual([{ ...shown, expiresAt: expect.any(String) }])
})

it('puts on record that nothing was found, too', async () => {
  const admin = await world.platformAdmin()
  const before = (await lookedUp()).length
  expect((await admin.get(`${path}?prefix=sk_live_nobodys0`)).body).toEqual({ data: [], nextCursor: null })
  expect((await lookedUp())[before]).toMatchObject({ actor_id: admin.id, target_id: null })
})

it('takes a prefix and no whole key, which it leaves out of the log', async () => {
  const admin = await world.platformAdmin()
  const { secretKey } = await world.project(await world.organization())
  for (const prefix of [secretKey, 'sk_live_', 'sk_live_ABCDEFGH', 'sk_live_%', 'pk_live_abcd1234', ''])
    expectInvalid(await admin.get(`${path}?prefix=${encodeURIComponent(prefix)}`), 'prefix')
  expectInvalid(await admin.get(path), 'prefix')
  expect(world.logLines.join('')).not.toContain(secretKey)
})

it('is for platform admins, for as long as their power lasts', async () => {
  const { owner } = await world.organization()
  const asks = (who: typeof world.anonymous) => who.get(`${path}?prefix=sk_live_abcd1234`)
  expectRefusal(await asks(world.anonymous), 'authentication_required')
  expectRefusal(await asks(owner), 'platform_admin_required')
  const admin = await world.platformAdmin()
  expect((await asks(admin)).status).toBe(200)
  await world.sql("update sessions set mfa_verified_at = now() - interval '13 hours' where user_id = $1", [
    admin.id,
  ])
  expectRefusal(await asks(admin), 'platform_admin_required')
})
