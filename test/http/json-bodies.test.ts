import http from 'node:http'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Answer } from '../support/http.ts'
import { type Organization, startWorld } from '../support/world.ts'
import { expectRefusal } from './envelope.ts'

const world = startWorld()
const path = '/v1/auth/login'
let count = 0
// Each time another account: too many guesses at one are refused for that.
const good = () => ({ email: `ada${++count}@example.com`, password: 'correct-horse-battery' })
const send = (body: unknown, headers = {}) => world.anonymous.post(path, body, headers)
const details = (answer: Answer) => answer.body.error.details

describe('a well-made body', () => {
  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'APPLICATION/JSON',
    'application/json; charset="utf-8"',
  ])('is read as %s', async (type) => {
    expectRefusal(await send(good(), { 'content-type': type }), 'authentication_required')
  })

  it('may hold any text that can be stored', async () => {
    const organization = await world.organization()
    const name = 'Ödön 🦄 "quoted": {"a":1,"a":2} \\ café'
    const answer = await organization.owner.patch(`/v1/orgs/${organization.id}`, { name })
    expect(answer.body.name).toBe(name.normalize('NFC'))
  })

  it('may come in chunks and with escapes', async () => {
    const text = '{"\\u0065mail":"escaped@example.com","password":"correct-horse-battery"}'
    const answer = await send(text, { 'content-length': undefined, 'transfer-encoding': 'chunked' })
    expectRefusal(answer, 'authentication_required')
  })
})

const password = '"password":"correct-horse-battery"'
describe('what must not come in', () => {
  it.each<[what: string, body: string | Buffer]>([
    ['a raw NUL', `{"email":"a\0b@example.com",${password}}`],
    ['an escaped NUL', `{"email":"a\\u0000b@example.com",${password}}`],
    ['an escaped NUL in a key', `{"em\\u0000ail":"a",${password}}`],
    ['a lone high surrogate', `{"email":"\\ud800@example.com",${password}}`],
    ['a lone low surrogate', `{"email":"\\udc00@example.com",${password}}`],
    ['a lone surrogate in a key', `{"\\ud800":1,${password}}`],
    ['surrogates the wrong way round', `{"email":"\\udc00\\ud800",${password}}`],
    ['__proto__', `{"__proto__":{"email":"a@example.com"},${password}}`],
    ['__proto__ written with escapes', `{"\\u005f_proto__":{},${password}}`],
    ['constructor', `{"constructor":{"prototype":{}},${password}}`],
    ['the same key twice', `{"email":"a@example.com","email":"b@example.com",${password}}`],
    [
      'the same key twice, once with an escape',
      `{"email":"a@example.com","\\u0065mail":"b@example.com",${password}}`,
    ],
    ['the same key twice, deep inside', `{"email":{"a":{"b":1,"b":2}},${password}}`],
    ['a list nested 60,000 deep', '['.repeat(30_000) + ']'.repeat(30_000)],
    ['objects nested 8,000 deep', `${'{"a":'.repeat(8_000)}1${'}'.repeat(8_000)}`],
    ['objects nested 40 deep', `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`],
    ['30,000 elements', `{"email":[${'1,'.repeat(30_000)}1],${password}}`],
    [
      'a thousand unknown fields',
      JSON.stringify(Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`f${i}`, 1]))),
    ],
    [
      'invalid UTF-8',
      Buffer.from([...Buffer.from('{"email":"'), 0xff, 0xfe, ...Buffer.from(`",${password}}`)]),
    ],
    [
      'overlong UTF-8',
      Buffer.from([...Buffer.from('{"email":"'), 0xc0, 0xae, ...Buffer.from(`",${password}}`)]),
    ],
    ['UTF-16', Buffer.from(JSON.stringify(good()), 'utf16le')],
    [
      'a surrogate in UTF-8',
      Buffer.from([...Buffer.from('{"email":"'), 0xed, 0xa0, 0x80, ...Buffer.from(`",${password}}`)]),
    ],
    ['two documents', '{}{}'],
    ['a comment', '{/* */}'],
    ['NaN', `{"email":NaN,${password}}`],
    ['single quotes', "{'email':'a'}"],
    ['a trailing comma', `{${password},}`],
    ['a raw line break in a text', `{"email":"a\nb",${password}}`],
    ['a number of 400 digits', `{"email":${'9'.repeat(400)},${password}}`],
    ['a number too large for a double', `{"email":1e400,${password}}`],
    ['a deep unknown field', `{"email":"a@example.com","extra":{"a":[{"b":null}]},${password}}`],
    ['a number for a text', `{"email":1,${password}}`],
    ['true for a text', `{"email":true,${password}}`],
    ['a list for a text', `{"email":["ada@example.com"],${password}}`],
    ['an object for a text', `{"email":{"$ne":null},${password}}`],
    ['null for a text', `{"email":null,${password}}`],
  ])('refuses %s', async (_what, body) => {
    expectRefusal(await send(body), 'invalid_input')
  })

  it('refuses 100,000 elements for their size', async () => {
    expectRefusal(await send(`[${'1,'.repeat(100_000)}1]`), 'payload_too_large')
  })

  it.each(['"1"', '1.5', '-1', '1e400', '1e100', '9007199254740993', 'true', '[1]', '{}'])(
    'does not make a number of seconds of %s',
    async (value) => {
      const project = await world.project(await world.organization())
      const url = `/v1/orgs/${project.organization.id}/projects/${project.id}/rotate-secret`
      expectRefusal(
        await project.organization.owner.post(url, `{"overlapSeconds":${value}}`),
        'invalid_input',
      )
    },
  )
})

describe('what no schema would notice', () => {
  let owner: Organization['owner']
  beforeAll(async () => {
    owner = (await world.organization()).owner
  })
  const keep = (preferences: string | Buffer) =>
    owner.patch(
      '/v1/users/me',
      Buffer.concat([Buffer.from('{"preferences":'), Buffer.from(preferences), Buffer.from('}')]),
    )

  it('is kept when it can be', async () => {
    const answer = await keep(
      '{"a":[1,-2.5,1e15,9007199254740991,true,null,"\\ud83e\\udd84"],"constructor":{"a":1}}',
    )
    expect(answer.status).toBe(200)
    expect(answer.body.preferences).toEqual({
      a: [1, -2.5, 1e15, 9007199254740991, true, null, '🦄'],
      constructor: { a: 1 },
    })
  })

  it.each<[what: string, preferences: string | Buffer]>([
    ['a NUL', '{"a":"\\u0000"}'],
    ['a NUL in a key', '{"a\\u0000":1}'],
    ['a NUL deep inside', '{"a":[{"b":["\\u0000"]}]}'],
    ['a lone high surrogate', '{"a":"\\ud800"}'],
    ['a lone low surrogate', '{"a":"x\\udc00"}'],
    ['a lone surrogate in a key', '{"\\ud800":1}'],
    ['__proto__', '{"__proto__":{"admin":true}}'],
    ['__proto__ deep inside, with escapes', '{"a":[{"\\u005f_proto__":1}]}'],
    ['a key twice', '{"a":1,"a":2}'],
    ['a key twice deep inside', '{"a":[{"b":1,"\\u0062":2}]}'],
    ['nesting of 40', `{"a":${'['.repeat(40)}${']'.repeat(40)}}`],
    ['11,000 values', `{"a":[${'1,'.repeat(11_000)}1]}`],
    ['a number beyond a double', '{"a":1e400}'],
    ['a negative number beyond a double', '{"a":-1e400}'],
    ['a number that loses digits', '{"a":9007199254740993}'],
    ['a number of 300 digits', `{"a":${'9'.repeat(300)}}`],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d])],
  ])('is refused as %s', async (_what, preferences) => {
    expectRefusal(await keep(preferences), 'invalid_input')
  })

  it('is named by its place', async () => {
    const answer = await keep('{"a":[0,{"b":"\\u0000"}]}')
    expect(details(answer)).toMatchObject([{ path: 'preferences.a.1.b' }])
  })
})

it('names every unknown field, and every wrong one', async () => {
  const answer = await send({ email: 1, admin: true, 'is.root': 1 })
  expectRefusal(answer, 'invalid_input')
  expect(details(answer)).toEqual([
    { path: 'email', message: expect.any(String) },
    { path: 'password', message: expect.any(String) },
    { path: 'admin', message: 'is not a known field' },
    { path: 'is.root', message: 'is not a known field' },
  ])
})

it('names the place inside a list', async () => {
  const organization = await world.organization()
  const answer = await organization.owner.post(`/v1/orgs/${organization.id}/projects`, {
    name: 'A',
    redirectUrls: ['https://a.example', 'http://b.example'],
  })
  expectRefusal(answer, 'invalid_input')
  expect(details(answer)).toMatchObject([{ path: 'redirectUrls.1' }])
})

it('keeps the list of mistakes short', async () => {
  const answer = await send(Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`f${i}`, 1])))
  expect(details(answer)).toHaveLength(100)
})

describe('a body for a route that takes none', () => {
  let organization: Organization
  beforeAll(async () => {
    organization = await world.organization()
  })
  const routes: [method: 'post' | 'delete', path: string][] = [
    ['post', '/v1/auth/refresh'],
    ['post', '/v1/auth/logout'],
    ['delete', '/v1/auth/sessions/ses_00000000000000000000000000'],
  ]

  it.each(routes)('%s %s: is refused, whatever is in it', async (method, url) => {
    for (const body of [{ everywhere: true }, [1], [], '"a"', '1', 'false', { '': 1 }])
      expectRefusal(await organization.owner[method](url, body), 'invalid_input')
    const [detail] = details(await organization.owner[method](url, { everywhere: true }))
    expect(detail.path).toBe('everywhere')
    expect((await organization.owner.get('/v1/me')).status).toBe(200)
  })

  it('may be an empty object, which says nothing', async () => {
    expect((await organization.owner.post('/v1/auth/refresh', {})).status).toBe(200)
  })
})

describe('the size of a body', () => {
  const ofSize = (bytes: number) => `{"email":"${'a'.repeat(bytes - 12)}"}`

  it('may be 64 KiB and not a byte more', async () => {
    expectRefusal(await send(ofSize(64 * 1024)), 'invalid_input')
    expectRefusal(await send(ofSize(64 * 1024 + 1)), 'payload_too_large')
  })

  it('is counted in chunks, too', async () => {
    const chunked = { 'content-length': undefined, 'transfer-encoding': 'chunked' }
    expectRefusal(await send(ofSize(64 * 1024), chunked), 'invalid_input')
    expectRefusal(await send(ofSize(64 * 1024 + 1), chunked), 'payload_too_large')
  })

  it('is told to a caller who sends on, on a connection that lives on', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    const sockets = new Set<unknown>()
    const post = (body: string) =>
      new Promise<number>((resolve, reject) => {
        const headers = { 'content-type': 'application/json' }
        const request = http.request({
          agent,
          host: '127.0.0.1',
          port: world.port,
          method: 'POST',
          path,
          headers,
        })
        request.on('socket', (socket) => sockets.add(socket))
        request.on('response', (response) =>
          response.resume().on('end', () => resolve(response.statusCode ?? 0)),
        )
        request.on('error', reject)
        request.end(body)
      })
    expect(await post(ofSize(4_000_000))).toBe(413)
    expect(await post('{}')).toBe(400)
    expect(sockets.size).toBe(1)
    agent.destroy()
  })

  it('cannot be hidden by compression', async () => {
    for (const encoding of ['gzip', 'deflate', 'br', 'x-gzip', 'gzip, identity'])
      expectRefusal(
        await send(gzipSync(JSON.stringify(good())), { 'content-encoding': encoding }),
        'unsupported_media_type',
      )
    expectRefusal(await send(gzipSync(JSON.stringify(good()))), 'invalid_input')
    expectRefusal(await send(good(), { 'content-encoding': 'identity' }), 'authentication_required')
  })
})

it('answers others while the worst bodies are refused', async () => {
  const worst = `[${'{"a":1},'.repeat(8_000)}{}]`.slice(0, 64 * 1024)
  const answers = await Promise.all([
    ...Array.from({ length: 50 }, () => send(worst)),
    world.anonymous.get('/livez'),
  ])
  expect(answers.map(({ status }) => status)).toEqual([...Array(50).fill(400), 200])
})
