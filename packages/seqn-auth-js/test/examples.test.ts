import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { newWebhookSecret, webhookHeaders } from '../../../src/lib/standard-webhooks.ts'
import { start } from '../../../test/support/spawned.ts'
import { createBrowser } from './support/express-app.ts'
import { nobody } from './support/listening.ts'
import { publishableKey, secretKey, startStandIn } from './support/stand-in.ts'

/** Starts an example as its README says; answers once it prints its address. */
async function startExample(name: string, env: Record<string, string>) {
  const url = new URL(await nobody())
  const { child, until, output } = start('npm', ['start', '--silent'], {
    cwd: path.join(import.meta.dirname, '../../../examples', name),
    env: { PATH: process.env.PATH, PORT: url.port, SEQN_AUTH_PUBLISHABLE_KEY: publishableKey, ...env },
  })
  onTestFinished(() => {
    process.kill(-(child.pid ?? 0))
  })
  await until(/comes back to/)
  return { url: `http://localhost:${url.port}`, until, output }
}

it('the Express example signs in, shows the person, and signs out', async () => {
  const service = await startStandIn()
  const env = { SEQN_AUTH_BASE_URL: service.url, SEQN_AUTH_SECRET_KEY: secretKey }
  const { url } = await startExample('seqn-auth-express', env)
  const browser = createBrowser(url)
  const home = await browser.get('/')
  expect(home.text).toContain('<h1>Shop</h1>')
  expect(home.response.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect((await browser.get('/style.css')).status).toBe(200)
  const leaving = await browser.get('/me')
  expect((await browser.get(service.signIn(leaving.location))).location).toBe(`${url}/me`)
  expect((await browser.get('/me')).text).toContain('<h1>Hello Ada Lovelace</h1>')
  expect(JSON.parse((await browser.get('/api/me')).text).email).toBe('ada@example.com')
  expect(JSON.parse((await browser.get('/health/auth')).text).ok).toBe(true)
  expect((await browser.get('/auth/sign-out')).location).toContain(`${service.url}/sign-out?`)
  expect((await browser.get('/api/me', { accept: '*/*' })).status).toBe(401)
}, 30_000)

it('the Express example prints webhooks that are signed, once each, and refuses the rest', async () => {
  const secret = newWebhookSecret()
  const { url, until, output } = await startExample('seqn-auth-express', { SEQN_AUTH_WEBHOOK_SECRET: secret })
  const deliver = async (id: string, by = secret) => {
    const body = JSON.stringify({ id, type: 'project.created', sequence: 7 })
    const headers = webhookHeaders({ id, sentAt: new Date(), body }, [by])
    return (await fetch(`${url}/webhooks`, { method: 'POST', body, headers })).status
  }
  expect(await deliver('evt_0', newWebhookSecret())).toBe(400)
  expect(await deliver('evt_1')).toBe(204)
  expect(await deliver('evt_1')).toBe(204)
  expect(await deliver('evt_2')).toBe(204)
  await until(/evt_2\n/)
  expect(output()).toMatch(/\n7 project.created evt_1\n7 project.created evt_2\n$/)
}, 30_000)

it('the vanilla example serves its page, the SDK and the two values, and nothing else', async () => {
  const baseUrl = 'https://accounts.example.com'
  const { url } = await startExample('seqn-auth-vanilla', { SEQN_AUTH_BASE_URL: baseUrl })
  const browser = createBrowser(url)
  const { response, text } = await browser.get('/?code=a&state=b')
  expect(text).toContain('<script type="module" src="/app.js">')
  expect(response.headers.get('content-security-policy')).toContain(`connect-src 'self' ${baseUrl};`)
  expect((await browser.get('/sdk/index.js')).response.headers.get('content-type')).toContain('javascript')
  expect(JSON.parse((await browser.get('/config.json')).text)).toEqual({ baseUrl, publishableKey })
  for (const stranger of [
    '/server.js',
    '/package.json',
    '/sdk/../package.json',
    '/..%2fserver.js',
    '/sdk/',
    '/%',
  ])
    expect((await browser.get(stranger)).status).toBe(404)
}, 30_000)
