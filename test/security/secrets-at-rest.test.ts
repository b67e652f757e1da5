import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { dump } from '../support/dump.ts'
import { endpointsPath, makeEndpoint } from '../support/webhook-endpoints.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()

/** A secret as it could be written down: plain, and in the ways bytes are shown. */
const spellings = (secret: string) => [
  secret,
  Buffer.from(secret).toString('hex'),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  Buffer.from(secret).toString('base64url'),
]

it('keeps no key, token or password in a table, a log line, an event or a later answer', async () => {
  const organization = await world.organization()
  const { owner, id } = organization
  const projects = `/v1/orgs/${id}/projects`
  const created = await owner.post(projects, { name: 'Kept' }, { 'idempotency-key': 'create-1' })
  const path = `${projects}/${created.body.project.id}`
  const endpoint = await makeEndpoint(organization, { eventTypes: ['*'] })
  const resealed = await owner.post(
    `${endpoint.path}/rotate-secret`,
    { overlapSeconds: 60 },
    { 'idempotency-key': 'rotate-2' },
  )
  const invited = await owner.post(
    `/v1/orgs/${id}/invitations`,
    { role: 'member' },
    { 'idempotency-key': 'invite-1' },
  )
  const token: string = invited.body.url.split('/').at(-1)
  const invitation = `/v1/orgs/${id}/invitations/${invited.body.invitation.id}`
  const renewed = await owner.post(`${invitation}/resend`, null, { 'idempotency-key': 'resend-1' })
  const renewedToken: string = renewed.body.url.split('/').at(-1)
  await world.anonymous.get(`/v1/auth/invitations/preview?token=${renewedToken}`)
  await world.anonymous.get(`/invite/${renewedToken}`)
  await owner.post('/v1/auth/invitations/accept', { token: renewedToken })
  const rotated = await owner.post(
    `${path}/rotate-secret`,
    { overlapSeconds: 60 },
    { 'idempotency-key': 'rotate-1' },
  )
  const keys: string[] = [created.body.secretKey, rotated.body.secretKey]
  for (const key of keys) {
    expect((await world.withBearer(key).get('/v1/backend/application')).status).toBe(200)
    await world.withPublishableKey(key).get(`/v1/client/config?publishable_key=${key}`)
    await owner.post(projects, { name: key.slice(0, 3), secretKey: key })
  }
  await owner.post('/v1/users/me/password', {
    current_password: owner.password,
    new_password: 'a-quite-new-password',
  })
  await world.anonymous.post('/v1/auth/login', { email: owner.email, password: 'a-guessed-password' })
  await world.ctx.batches.flush()

  const later = await Promise.all([
    owner.get(projects),
    owner.get(path),
    owner.get(endpoint.path),
    owner.get(endpointsPath(organization)),
    owner.get(`/v1/orgs/${id}/invitations`),
    owner.get(`/v1/orgs/${id}/events`),
    world.anonymous.get(`/v1/auth/invitations/preview?token=${renewedToken}`),
    owner.patch(endpoint.path, { enabled: false }),
    owner.get(`/v1/orgs/${id}`),
    owner.patch(path, { name: 'Renamed' }),
    owner.get('/v1/me'),
    world.withBearer(keys[0] ?? '').get('/v1/backend/application'),
  ])
  const tables = JSON.stringify(await dump(world))
  expect(tables, 'the dump has what it should').toContain(owner.email)
  expect(tables, 'the hash is what is kept').toContain(
    createHash('sha256')
      .update(keys[0] ?? '')
      .digest('hex'),
  )
  const secrets = [
    ...keys,
    token,
    renewedToken,
    ...[endpoint.secret, resealed.body.secret].map((secret) => secret.replace('whsec_', '')),
    owner.cookie,
    owner.accessToken,
    owner.password,
    'a-quite-new-password',
    'a-guessed-password',
  ]
  for (const secret of secrets.flatMap(spellings)) {
    expect(tables).not.toContain(secret)
    expect(world.logLines.join('\n')).not.toContain(secret)
    for (const answer of later) expect(answer.text).not.toContain(secret)
  }
  expect(world.logLines.length).toBeGreaterThan(10)
})

it('shows a key again only to who repeats the very creation', async () => {
  const { owner, id } = await world.organization()
  const create = () => owner.post(`/v1/orgs/${id}/projects`, { name: 'Once' }, { 'idempotency-key': 'once' })
  const [first, again] = [await create(), await create()]
  expect(again.body).toEqual(first.body)
  expect(again.headers['idempotent-replayed']).toBe('true')
})
