import { describe, expect, it } from 'vitest'
import { startWorld } from '../support/world.ts'
import { expectRefusal } from './envelope.ts'

const world = startWorld()
const own = 'http://accounts.silver.test'

const foreign: [what: string, headers: Record<string, string>][] = [
  ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
  ['another site that hides its origin', { 'sec-fetch-site': 'cross-site' }],
  ['another site that claims to be us', { 'sec-fetch-site': 'cross-site', origin: own }],
  ['a sister site', { 'sec-fetch-site': 'same-site', origin: 'http://docs.silver.test' }],
  ['an old browser on another site', { origin: 'https://evil.example' }],
  ['a page without an origin', { origin: 'null' }],
  ['an empty origin', { origin: '' }],
  ['us over https', { origin: 'https://accounts.silver.test' }],
  ['another port', { origin: `${own}:8080` }],
  ['a name that begins like ours', { origin: `${own}.evil.example` }],
  ['us in other letters', { origin: 'http://ACCOUNTS.silver.test' }],
  ['us and somebody else', { origin: `${own}, https://evil.example` }],
  ['our address instead of our origin', { origin: `${own}/` }],
  ['a Host that fits the origin', { origin: 'https://evil.example', host: 'evil.example' }],
  [
    'a forwarded host that fits the origin',
    { origin: 'https://evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
  ],
]

describe.each(foreign)('a request from %s', (_what, headers) => {
  it('changes nothing', async () => {
    const { owner, id } = await world.organization()
    for (const answer of [
      await owner.post('/v1/orgs', { name: 'Foreign' }, headers),
      await owner.patch(`/v1/orgs/${id}`, { name: 'Foreign' }, headers),
      await owner.delete('/v1/auth/sessions', undefined, headers),
      await owner.post('/v1/auth/logout', undefined, headers),
      await owner.post('/v1/auth/refresh', undefined, headers),
    ])
      expectRefusal(answer, 'csrf_rejected')
    const { body } = await owner.get('/v1/orgs')
    expect(body.data.map((one: { name: string }) => one.name)).not.toContain('Foreign')
  })

  it('signs nobody in or up', async () => {
    const { owner } = await world.organization()
    const login = { email: owner.email, password: owner.password }
    const signIn = await world.anonymous.post('/v1/auth/login', login, headers)
    expectRefusal(signIn, 'csrf_rejected')
    expect(signIn.headers).not.toHaveProperty('set-cookie')
    const register = {
      email: 'foreign@example.com',
      password: 'correct-horse-battery',
      organization_name: 'Foreign',
    }
    expectRefusal(await world.anonymous.post('/v1/auth/register', register, headers), 'csrf_rejected')
  })

  it('may read, which changes nothing', async () => {
    const { owner } = await world.organization()
    expect((await owner.get('/v1/orgs', headers)).status).toBe(200)
    expect((await owner.call({ method: 'HEAD', path: '/v1/orgs', headers })).status).toBe(200)
  })

  it('may show an access token, which no other site has', async () => {
    const { owner } = await world.organization()
    const answer = await world.withBearer(owner.accessToken).post('/v1/orgs', { name: 'By token' }, headers)
    expect(answer.status).toBe(201)
  })
})

it.each<[what: string, headers: Record<string, string>]>([
  ['ourselves', { 'sec-fetch-site': 'same-origin', origin: own }],
  ['ourselves in an old browser', { origin: own }],
  ['the address bar', { 'sec-fetch-site': 'none' }],
  ['no browser', {}],
  ['no browser, by any host name', { host: 'evil.example', 'x-forwarded-host': 'evil.example' }],
])('carries out a request from %s', async (_what, headers) => {
  const { owner } = await world.organization()
  expect((await owner.post('/v1/orgs', { name: 'Ours' }, headers)).status).toBe(201)
})

it('does not take an empty Authorization header for a token', async () => {
  const { owner } = await world.organization()
  const headers = { authorization: '', origin: 'https://evil.example' }
  expectRefusal(await owner.post('/v1/orgs', { name: 'A' }, headers), 'csrf_rejected')
})

it('never makes an address of what a request says of its host', async () => {
  const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' }
  for (const path of [
    '/v1/config',
    '/openapi.json',
    '/.well-known/security.txt',
    '/docs',
    '/docs/static/index.html',
  ]) {
    const answer = await world.anonymous.get(path, headers)
    expect(`${answer.text}${JSON.stringify(answer.headers)}`, path).not.toContain('evil.example')
  }
})
