import { expect, it } from 'vitest'
import { anId, aTime, expectInvalid, expectRefusal } from '../support/shapes.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const path = '/v1/users/me'
const nothing = { display_name: null, job_title: null, phone_number: null, bio: null, preferences: {} }

it('shows my profile', async () => {
  const { owner } = await world.organization()
  const answer = await owner.get(path)
  expect(answer.status).toBe(200)
  expect(answer.body).toEqual({
    user_id: anId('usr'),
    email: owner.email,
    email_verified: false,
    ...nothing,
    created_at: aTime,
    updated_at: aTime,
  })
  expect((await world.withBearer(owner.accessToken).get(path)).body).toEqual(answer.body)
})

it('changes the given fields and says who was renamed', async () => {
  const { owner, id } = await world.organization()
  const fields = {
    display_name: 'Ada Lovelace',
    job_title: 'Analyst',
    phone_number: '+44 20 7946 0000',
    bio: 'First line\nsecond\tline',
    preferences: { theme: 'dark', columns: ['a', 1, null, { deep: true }] },
  }
  const answer = await owner.patch(path, fields)
  expect(answer.status).toBe(200)
  expect(answer.body).toEqual({
    user_id: owner.id,
    email: owner.email,
    email_verified: false,
    ...fields,
    created_at: aTime,
    updated_at: aTime,
  })
  expect((await owner.get(path)).body).toEqual(answer.body)
  expect(answer.body.updated_at > answer.body.created_at).toBe(true)
  const [last] = (await world.events(id)).slice(-1)
  expect(last?.type).toBe('user.updated')
  expect(last?.data).toEqual({
    id: owner.id,
    email: owner.email,
    emailVerified: false,
    name: 'Ada Lovelace',
    disabled: false,
    previous: { name: null },
  })
  expect((await world.auditLog(id)).at(-1)).toMatchObject({
    action: 'user.updated',
    actor_kind: 'user',
    actor_id: owner.id,
    target_id: owner.id,
    request_id: answer.headers['x-request-id'],
  })
})

it('counts null as absent, and clears a field with an empty text', async () => {
  const { owner } = await world.organization()
  const given = {
    display_name: 'Ada',
    job_title: 'Analyst',
    phone_number: '1',
    bio: 'b',
    preferences: { a: 1 },
  }
  await owner.patch(path, given)
  expect((await owner.patch(path, nothing.preferences)).body).toMatchObject(given)
  const nulls = { display_name: null, job_title: null, phone_number: null, bio: null, preferences: null }
  expect((await owner.patch(path, nulls)).body).toMatchObject(given)
  const empty = { display_name: '', job_title: ' ', phone_number: '', bio: '\n', preferences: {} }
  expect((await owner.patch(path, empty)).body).toMatchObject(nothing)
})

it('keeps text in NFC, trimmed', async () => {
  const { owner } = await world.organization()
  const { body } = await owner.patch(path, { display_name: '  Zoe\u0308 \u{1F469}\u200D\u{1F680} ' })
  expect(body.display_name).toBe('Zo\u00eb \u{1F469}\u200D\u{1F680}')
})

it('takes what just fits', async () => {
  const { owner } = await world.organization()
  const fits = {
    display_name: 'x'.repeat(200),
    job_title: 'x'.repeat(200),
    phone_number: '1'.repeat(40),
    bio: 'x'.repeat(2_000),
    preferences: { k: 'x'.repeat(8 * 1024 - '{"k":""}'.length) },
  }
  const answer = await owner.patch(path, fits)
  expect(answer.status).toBe(200)
  expect(answer.body).toMatchObject(fits)
})

it.each([
  [{ display_name: 'x'.repeat(201) }, 'display_name'],
  [{ job_title: 'x'.repeat(201) }, 'job_title'],
  [{ phone_number: '1'.repeat(41) }, 'phone_number'],
  [{ bio: 'x'.repeat(2_001) }, 'bio'],
  [{ display_name: 'a\nb' }, 'display_name'],
  [{ display_name: 'a\u009bb' }, 'display_name'],
  [{ display_name: 'a\u0000b' }, 'display_name'],
  [{ bio: 'a\u0008b' }, 'bio'],
  [{ display_name: 5 }, 'display_name'],
  [{ display_name: ['a'] }, 'display_name'],
  [{ preferences: 'text' }, 'preferences'],
  [{ preferences: [] }, 'preferences'],
  [{ preferences: { k: 'x'.repeat(8 * 1024 - 7) } }, 'preferences'],
  [{ preferences: { k: 'é'.repeat(4 * 1024) } }, 'preferences'],
])('names the field that it cannot accept: %j', async (body, field) => {
  const { owner } = await world.organization()
  expectInvalid(await owner.patch(path, body), field)
  expect((await owner.get(path)).body).toMatchObject(nothing)
})

it.each([
  ['{"preferences":{"n":1e400}}'],
  ['{"preferences":{"__proto__":1}}'],
  ['{"preferences":{"a":"\\ud800"}}'],
  ['{"email":"eve@example.com"}'],
  ['{"user_id":"usr_x"}'],
  ['{"display_name":"a","display_name":"b"}'],
  ['[]'],
  ['null'],
])('refuses %s', async (body) => {
  const { owner } = await world.organization()
  expect((await owner.patch(path, body)).body.error.code).toBe('invalid_input')
  expect((await owner.get(path)).body).toMatchObject({ email: owner.email, ...nothing })
})

it('is 401 for nobody', async () => {
  expectRefusal(await world.anonymous.get(path), 'authentication_required')
  expectRefusal(await world.anonymous.patch(path, {}), 'authentication_required')
})
