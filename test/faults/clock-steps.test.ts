import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { exchange, exchangeFor, makeApp } from '../support/app-sign-in.ts'
import { startWorld } from '../support/world.ts'

let stepMs = 0
const world = startWorld({ clock: () => new Date(Date.now() + stepMs) })
beforeEach(() => {
  stepMs = 0
})

const hour = 3_600_000

describe.each([
  ['forwards', hour],
  ['backwards', -hour],
])('the host’s clock steps an hour %s', (_where, step) => {
  it('ends no session, key or code before its time', async () => {
    const organization = await world.organization()
    const project = await makeApp(world, organization)
    const path = `/v1/orgs/${organization.id}/projects/${project.id}/rotate-secret`
    expect((await organization.owner.post(path, { overlapSeconds: 60 })).status).toBe(200)
    const code = await exchangeFor(organization.owner, project)
    stepMs = step
    expect((await organization.owner.get('/v1/auth/session')).status).toBe(200)
    expect((await world.withBearer(project.secretKey).get('/v1/backend/application')).status).toBe(200)
    expect((await exchange(world, project, code)).status).toBe(200)
  })

  it('keeps nothing beyond its time', async () => {
    const organization = await world.organization()
    const project = await makeApp(world, organization)
    const code = await exchangeFor(organization.owner, project)
    await world.sql(`update secret_keys set expires_at = now() where project_id = $1`, [project.id])
    await world.sql(`update authorization_codes set expires_at = now() where project_id = $1`, [project.id])
    await world.sql(`update sessions set expires_at = now() where user_id = $1`, [organization.owner.id])
    stepMs = step
    expect((await organization.owner.get('/v1/auth/session')).status).toBe(401)
    expect((await world.withBearer(project.secretKey).get('/v1/backend/application')).status).toBe(401)
    expect((await exchange(world, project, code)).status).toBe(400)
  })

  it('lifts no lock, and forgets no answer that was kept', async () => {
    const { id, owner } = await world.organization({ plan: 'pro' })
    const headers = { 'idempotency-key': randomUUID() }
    const create = () => owner.post(`/v1/orgs/${id}/projects`, { name: 'Once' }, headers)
    const created = await create()
    const guess = () => world.anonymous.post('/v1/auth/login', { email: owner.email, password: 'wrong' })
    let status = 0
    for (let tried = 0; status !== 429 && tried < 10; tried++) status = (await guess()).status
    stepMs = step
    expect((await guess()).status).toBe(429)
    expect((await create()).body).toEqual(created.body)
  })
})
