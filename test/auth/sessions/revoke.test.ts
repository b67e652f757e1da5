import { expect, it } from 'vitest'
import { newId } from '../../../src/lib/ids.ts'
import { cookieOf } from '../../support/http.ts'
import { expectRefusal, indistinct } from '../../support/shapes.ts'
import { type Person, startWorld } from '../../support/world.ts'

const world = startWorld()
const path = '/v1/auth/sessions'
const sessionId = async (person: Person): Promise<string> =>
  (await person.get('/v1/auth/session')).body.user.session_id
const isSignedIn = async (person: Person) => (await person.get('/v1/auth/session')).status === 200

it('ends one of my sessions on its next request, its access tokens too', async () => {
  const { owner, id } = await world.organization()
  const other = await world.signIn(owner.email)
  const ended = await sessionId(other)
  const answer = await owner.delete(`${path}/${ended}`)
  expect(answer.status).toBe(204)
  expect(await isSignedIn(other)).toBe(false)
  expectRefusal(await world.withBearer(other.accessToken).get('/v1/me'), 'authentication_required')
  expect(await isSignedIn(owner)).toBe(true)
  expect((await world.events(id)).at(-1)).toMatchObject({
    type: 'session.revoked',
    data: { id: ended, userId: owner.id, reason: 'revoked' },
  })
  expect((await world.auditLog(id)).at(-1)).toMatchObject({
    action: 'session.revoked',
    actor_id: owner.id,
    target_id: ended,
    request_id: answer.headers['x-request-id'],
  })
})

it('answers for a stranger’s session as for one that does not exist, and leaves it alone', async () => {
  const { owner } = await world.organization()
  const stranger = (await world.organization()).owner
  const ended = await sessionId(await world.signIn(owner.email))
  await owner.delete(`${path}/${ended}`)
  const ids = [await sessionId(stranger), newId('ses'), ended, 'ses_x', newId('usr'), '%00', "'"]
  const answers = await Promise.all(ids.map((id) => owner.delete(`${path}/${id}`)))
  for (const answer of answers) {
    expectRefusal(answer, 'not_found')
    expect(indistinct(answer)).toEqual(indistinct(answers[0] as (typeof answers)[0]))
  }
  expect(await isSignedIn(stranger)).toBe(true)
})

it('ends all of them, this one included', async () => {
  const { owner, id } = await world.organization()
  const stranger = (await world.organization()).owner
  const others = [await world.signIn(owner.email), await world.signIn(owner.email)]
  const answer = await owner.delete(path)
  expect(answer.status).toBe(204)
  expect(cookieOf(answer)).toBe('')
  for (const person of [owner, ...others]) expect(await isSignedIn(person)).toBe(false)
  expect(await isSignedIn(stranger)).toBe(true)
  const rows = (await world.auditLog(id)).slice(-4)
  expect(rows.map(({ action }) => action)).toEqual([...Array(3).fill('session.revoked'), 'auth.logout'])
  expect(JSON.parse(rows[3]?.details ?? '')).toMatchObject({ everywhere: true })
})

it.each([[path], [`${path}/ses_00000000000000000000000000`]])('is 401 for nobody: %s', async (url) => {
  expectRefusal(await world.anonymous.delete(url), 'authentication_required')
})

it('is refused from another site', async () => {
  const { owner } = await world.organization()
  expectRefusal(await owner.delete(path, undefined, { origin: 'https://evil.example' }), 'csrf_rejected')
  expect(await isSignedIn(owner)).toBe(true)
})
