import { expect, it } from 'vitest'
import { deviceName } from '../../src/pages/format.ts'
import { isActive, makeApp, postForm, signInTo } from '../support/app-sign-in.ts'
import { textOf } from '../support/browserless.ts'
import { type Person, startWorld } from '../support/world.ts'

const world = startWorld()
const path = '/account/sessions'
const sessionOf = async (person: Person) =>
  (await person.get('/v1/auth/session')).body.user.session_id as string
const rowsIn = (html: string) => [...html.matchAll(/<tr id="row-([^"]*)"/g)].map(([, id]) => id)
const actionsIn = (html: string) =>
  [...html.matchAll(/action="(\/account[^"]*)"/g)].map(([, action]) => action)

async function visitor() {
  const organization = await world.organization({ plan: 'pro', name: 'Customer' })
  const project = await makeApp(world, organization, { name: 'Shop <b>' })
  const { owner: person } = await world.organization()
  return { organization, project, person }
}

it('shows this device first, then others, apps and grants', async () => {
  const { project, person } = await visitor()
  const other = await world.signIn(person.email)
  const app = await signInTo(world, project, person)
  const page = await person.get(path)
  expect(page.status).toBe(200)
  expect(textOf(page.text, 'h1')).toBe('Sessions')
  const [mine, theirs] = [await sessionOf(person), await sessionOf(other)]
  const appSession = (await person.get('/v1/me/project-sessions')).body.data[0].id
  expect(rowsIn(page.text)).toEqual([mine, theirs, appSession, project.id])
  expect(page.text.match(/This device/g)).toHaveLength(1)
  expect(page.text).toContain('Shop &lt;b>')
  expect(actionsIn(page.text)).toEqual([
    '/account/sessions/end-others',
    `/account/sessions/${theirs}/end`,
    `/account/project-sessions/${appSession}/end`,
    `/account/grants/${project.id}/revoke`,
  ])
  expect(page.text).not.toContain(app.sessionToken)
})

it('says that there is no other session, no app and no grant', async () => {
  const { person } = await visitor()
  const { text } = await person.get(path)
  expect(text).toContain('No other sessions')
  expect(text).toContain('No apps')
  expect(actionsIn(text)).toEqual([])
})

it('is reached from the account menu, and by /account', async () => {
  const { person } = await visitor()
  const console = await person.get((await person.get('/auth/console')).headers.location ?? '')
  expect(console.text).toContain(`href="${path}"`)
  expect((await person.get('/account')).headers.location).toBe(path)
})

it('signs one device out', async () => {
  const { person } = await visitor()
  const other = await world.signIn(person.email)
  const answer = await postForm(person, `/account/sessions/${await sessionOf(other)}/end`, {})
  expect([answer.status, answer.headers.location]).toEqual([303, path])
  expect(answer.headers['set-cookie']?.[0]).toContain('seqn_flash=')
  expect((await other.get('/v1/me')).status).toBe(401)
  expect((await person.get('/v1/me')).status).toBe(200)
})

it('signs all other devices out, and keeps this one', async () => {
  const { person, project } = await visitor()
  const others = [await world.signIn(person.email), await world.signIn(person.email)]
  const here = await signInTo(world, project, person)
  const there = await signInTo(world, project, others[0] as Person)
  for (let i = 0; i < 2; i++)
    expect((await postForm(person, '/account/sessions/end-others', {})).headers.location).toBe(path)
  for (const other of others) expect((await other.get('/v1/me')).status).toBe(401)
  expect((await person.get('/v1/me')).status).toBe(200)
  expect(await isActive(world, project, here)).toBe(true)
  expect(await isActive(world, project, there)).toBe(false)
})

it('signs out of one app, and takes access back', async () => {
  const { person, project } = await visitor()
  const one = await signInTo(world, project, person)
  const two = await signInTo(world, project, person)
  const [newest] = (await person.get('/v1/me/project-sessions')).body.data
  await postForm(person, `/account/project-sessions/${newest.id}/end`, {})
  expect([await isActive(world, project, one), await isActive(world, project, two)]).toEqual([true, false])
  const answer = await postForm(person, `/account/grants/${project.id}/revoke`, {})
  expect([answer.status, answer.headers.location]).toEqual([303, path])
  expect(await isActive(world, project, one)).toBe(false)
  expect((await person.get('/v1/me/grants')).body.data).toEqual([])
})

it('ends nothing of strangers, nothing from other sites, and nothing for nobody', async () => {
  const { person, project } = await visitor()
  const app = await signInTo(world, project, person)
  const stranger = (await visitor()).person
  const [{ id }] = (await person.get('/v1/me/project-sessions')).body.data
  const actions = [
    `/account/sessions/${await sessionOf(person)}/end`,
    `/account/project-sessions/${id}/end`,
    `/account/grants/${project.id}/revoke`,
  ]
  for (const action of actions) {
    expect((await postForm(stranger, action, {})).status).toBe(404)
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'cross-site' }
    expect((await person.call({ method: 'POST', path: action, headers, body: '' })).status).toBe(403)
    const nobody = { ...stranger, call: world.anonymous.call }
    expect((await postForm(nobody, action, {})).headers.location).toMatch(/^\/sign-in/)
  }
  expect((await world.anonymous.get(path)).headers.location).toBe(
    `/sign-in?redirect_url=${encodeURIComponent(path)}`,
  )
  expect(await isActive(world, project, app)).toBe(true)
  expect((await person.get('/v1/me')).status).toBe(200)
})

it.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
  [
    'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0',
    'Edge on Windows',
  ],
  [
    'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36',
    'Chrome on Android',
  ],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1', 'Safari on iPhone'],
  ['curl/8.5.0', 'curl'],
  ['', 'Unknown device'],
  [null, 'Unknown device'],
])('names a device by what it says of itself: %j', (userAgent, name) => {
  expect(deviceName(userAgent)).toBe(name)
})
