import { expect, it } from 'vitest'
import { expectInvalid } from '../support/shapes.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()
const password = 'correct-horse-battery'
const register = (email: string) =>
  world.anonymous.post('/v1/auth/register', { email, password, organization_name: 'Spellings' })

it.each([
  ['case', 'Ada@Example.COM', 'ada@example.com'],
  ['full-width letters', 'ｂｏｂ@ｅxample.com', 'bob@example.com'],
  ['a ligature', 'ﬁona@example.com', 'fiona@example.com'],
  ['a decomposed letter', 'zoe\u0308@example.com', 'zoë@example.com'],
  ['a capital that lower case decomposes', 'K\u212Aelvin@example.com', 'kkelvin@example.com'],
  ['spaces around it', '  eve@example.com ', 'eve@example.com'],
  ['another script', 'Пётр@Пример.рф', 'пётр@пример.рф'],
])('knows one account under every spelling: %s', async (_kind, written, kept) => {
  const answer = await register(written)
  expect(answer.status).toBe(201)
  expect(answer.body.user.email).toBe(kept)
  expect((await register(kept)).status).toBe(409)
  expect((await world.signIn(written)).id).toBe(answer.body.user.user_id)
  expect((await world.signIn(kept)).id).toBe(answer.body.user.user_id)
})

const longLocalPart = `${'a'.repeat(65)}@example.com`
const longAddress = `a@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(60)}.${'f'.repeat(60)}`
const growsByNormalizing = `a@${'\u3300'.repeat(15)}.${'x.'.repeat(110)}com`

it.each([
  ['nothing', ''],
  ['no @', 'ada.example.com'],
  ['two @', 'ada@b@example.com'],
  ['a full-width @', 'ada＠example.com'],
  ['a small @', 'ada﹫example.com'],
  ['a plain @ and a full-width one', 'ada@x＠example.com'],
  ['no local part', '@example.com'],
  ['no domain', 'ada@'],
  ['a list', 'ada@example.com,eve@example.com'],
  ['a list with semicolons', 'ada@example.com;eve@example.com'],
  ['a name', 'Ada <ada@example.com>'],
  ['quotes', '"ada"@example.com'],
  ['a space inside', 'a da@example.com'],
  ['a no-break space', 'ada\u00a0@example.com'],
  ['a trailing line break', 'ada@example.com\n'],
  ['a header', 'ada@example.com\r\nBcc: eve@example.com'],
  ['a tab', '\tada@example.com'],
  ['a control character', 'ada\u0007@example.com'],
  ['a byte order mark', '\ufeffada@example.com'],
  ['a zero-width space', 'a\u200bda@example.com'],
  ['a zero-width joiner', 'ada@exam\u200dple.com'],
  ['a soft hyphen', 'a\u00adda@example.com'],
  ['a right-to-left override', 'ada\u202e@example.com'],
  ['a variation selector', 'ada\ufe0f@example.com'],
  ['a Hangul filler', 'ada\u3164@example.com'],
  ['a domain that starts with a hyphen', 'ada@-example.com'],
  ['an empty label', 'ada@example..com'],
  ['a path', 'ada@example.com/x'],
  ['a long local part', longLocalPart],
  ['more than 254 characters', longAddress],
  ['more than 254 characters once normalized', growsByNormalizing],
])('refuses what is not one plain address: %s', async (_kind, email) => {
  expectInvalid(await register(email), 'email')
  expectInvalid(await world.anonymous.post('/v1/auth/login', { email, password }), 'email')
})
