import { expect, it } from 'vitest'
import { expectInvalid } from '../../support/shapes.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()
let project: Awaited<ReturnType<typeof world.project>> | undefined

async function patch(body: Record<string, unknown>) {
  project ??= await world.project(await world.organization())
  const { owner, id } = project.organization
  return owner.patch(`/v1/orgs/${id}/projects/${project.id}`, body)
}

it.each([
  'https://app.example.com',
  'https://app.example.com/',
  'https://app.example.com:8443/a/b?c=d&e=%20',
  'https://xn--caf-dma.example/cb',
  'https://203.0.113.7/cb',
  'http://localhost',
  'http://localhost:3000/cb',
  'http://app.localhost:3000/cb',
  'http://127.0.0.1:8080/',
  'http://[::1]:8080/',
  `https://a.example/${'x'.repeat(494)}`,
])('takes %s as a redirect URL, and keeps it as it was written', async (url) => {
  const answer = await patch({ redirectUrls: [url], afterSignInUrl: url, afterSignUpUrl: url })
  expect(answer.status).toBe(200)
  expect(answer.body).toMatchObject({ redirectUrls: [url], afterSignInUrl: url, afterSignUpUrl: url })
})

const hostile = [
  '',
  ' ',
  'app.example.com',
  '/cb',
  '//app.example.com',
  'http://app.example.com',
  'http://localhost.example.com',
  'http://localhost@evil.example',
  'http://127.0.0.1.evil.example',
  'http://evil.example#localhost',
  'http://0.0.0.0/',
  'https://user@app.example.com',
  'https://user:secret@app.example.com',
  'https://app.example.com/#fragment',
  'https://app.example.com/#',
  'https://*.example.com',
  'https://app.example.com/*',
  'https://app.example.com\\@evil.example',
  'https:\\\\app.example.com',
  'https://app.example.com/a b',
  'https://app.example.com/\n',
  'https://app.example.com/\u0000',
  ' https://app.example.com',
  'https://app.example.com/\u202e',
  'https://аpp.example.com',
  'https://',
  'https://:443',
  'https://app.example.com:99999',
  'https://[::1',
  'ftp://app.example.com',
  'javascript:alert(1)',
  'JaVaScRiPt://app.example.com/%0aalert(1)',
  'data:text/html,x',
  'file:///etc/passwd',
  'myapp://callback',
  'blob:https://app.example.com/x',
  `https://a.example/${'x'.repeat(495)}`,
]

it.each(hostile)('refuses %j everywhere', async (url) => {
  expectInvalid(await patch({ redirectUrls: [url] }), 'redirectUrls.0')
  expectInvalid(await patch({ origins: [url] }), 'origins.0')
  expectInvalid(await patch({ afterSignInUrl: url }), 'afterSignInUrl')
  expectInvalid(await patch({ afterSignUpUrl: url }), 'afterSignUpUrl')
})

it.each([
  ['https://app.example.com', 'https://app.example.com'],
  ['https://app.example.com/', 'https://app.example.com'],
  ['https://app.example.com:8443', 'https://app.example.com:8443'],
  ['http://localhost:3000', 'http://localhost:3000'],
  ['http://[::1]:3000', 'http://[::1]:3000'],
])('takes %s as an origin', async (origin, kept) => {
  const answer = await patch({ origins: [origin] })
  expect(answer.status).toBe(200)
  expect(answer.body.origins).toEqual([kept])
})

it.each([
  'https://app.example.com/path',
  'https://app.example.com/?x=1',
  'https://app.example.com//',
  'https://app.example.com:443',
  'https://APP.example.com',
  'null',
  '*',
])('refuses %s as an origin', async (origin) => {
  expectInvalid(await patch({ origins: [origin] }), 'origins.0')
})
