import { expect, it } from 'vitest'
import { isActive, makeApp, postForm, signInTo } from '../support/app-sign-in.ts'
import { hiddenFields } from '../support/browserless.ts'
import { cookieOf } from '../support/http.ts'
import { startOidcWorld } from '../support/oidc-world.ts'
import type { Person } from '../support/world.ts'

const oidc = startOidcWorld()
const { world } = oidc
const lives = async (person: Pick<Person, 'get'>) => (await person.get('/v1/me')).status === 200
const sessionOf = async (person: Pick<Person, 'get'>) =>
  (await person.get('/v1/auth/session')).body.user.session_id as string

it.each(['/v1/auth/login', '/v1/auth/register'])('%s ends the session of the browser', async (path) => {
  const { owner, id } = await world.organization()
  const other = await world.signIn(owner.email)
  const project = await makeApp(world, await world.organization())
  const app = await signInTo(world, project, owner)
  const before = await sessionOf(owner)
  const { email, password } = owner
  const body =
    path === '/v1/auth/login'
      ? { email, password }
      : { email: 'again@example.com', password, organization_name: 'Again' }
  const wrong = await owner.post('/v1/auth/login', { email, password: 'something-else-entirely' })
  expect([wrong.status, await lives(owner)], 'a sign-in that fails ends nothing').toEqual([401, true])

  const answer = await owner.post(path, body)
  expect(answer.body.status).toBe('success')
  expect(await lives(owner)).toBe(false)
  expect(await lives(world.withCookie(cookieOf(answer) ?? ''))).toBe(true)
  expect(await lives(other), 'another browser goes on').toBe(true)
  expect(await isActive(world, project, app), 'apps sign in again').toBe(false)
  expect((await world.events(id)).find(({ type }) => type === 'session.revoked')).toMatchObject({
    data: { id: before, userId: owner.id, reason: 'signed_in_again' },
  })
})

it('the sign-in page does, too', async () => {
  const { owner } = await world.organization()
  const page = await owner.get('/sign-in?prompt=login')
  const { email, password } = owner
  const form = { ...hiddenFields(page.text, '/sign-in'), email, password }
  const token = page.headers['set-cookie']?.map((line) => line.split(';')[0]).join('; ')
  const browser = world.caller({ cookie: [`seqn_session=${owner.cookie}`, token].filter(Boolean).join('; ') })
  const answer = await postForm({ ...owner, ...browser }, '/sign-in', form)
  expect(answer.status).toBe(303)
  expect([await lives(owner), await lives(world.withCookie(cookieOf(answer) ?? ''))]).toEqual([false, true])
})

it('a sign-in at the provider does, too; a step-up keeps its session', async () => {
  oidc.person({ sub: 'again' })
  const first = await oidc.signedIn('again')
  const second = await oidc.signedIn('again', { browser: first.browser })
  expect([await lives(first), await lives(second)]).toEqual([false, true])
  const stepped = await oidc.signedIn('again', { browser: first.browser, path: '/auth/login?step_up=1' })
  expect(stepped.me.session.id).toBe(second.me.session.id)
})
