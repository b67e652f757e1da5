import { describe, expect, it, vi } from 'vitest'
import { createSeqnAuthClient, loadPublicConfig, verifyBackendKeyHealth } from '../src/index.ts'
import { openPage } from './support/page.ts'
import { publishableKey, secretKey, startStandIn } from './support/stand-in.ts'
import { thrownBy } from './support/thrown.ts'

const refused = [
  'http://auth.example.com',
  'http://localhost.example.com',
  'http://127.0.0.1.example.com',
  'http://10.0.0.1',
  'http://[::2]',
  'http://0.0.0.0:4080',
  'ftp://localhost',
  'javascript:alert(1)',
  'auth.example.com',
  'https://user:word@auth.example.com',
  'https://auth.example.com?tenant=a',
  'https://auth.example.com#a',
  '//auth.example.com',
]
const taken = {
  'https://auth.example.com/': 'https://auth.example.com',
  'https://auth.example.com/base//': 'https://auth.example.com/base',
  'http://localhost:4080': 'http://localhost:4080',
  'http://127.0.0.1:4080': 'http://127.0.0.1:4080',
  'http://127.1': 'http://127.0.0.1',
  'http://[::1]:4080': 'http://[::1]:4080',
  'http://accounts.localhost': 'http://accounts.localhost',
}

describe('the base URL', () => {
  it.each(refused)('%s is refused before any request', async (baseUrl) => {
    const fetch = vi.fn()
    const work = () => loadPublicConfig({ baseUrl, publishableKey, fetch })
    expect((await thrownBy(work)).code).toBe('invalid_base_url')
    expect((await thrownBy(() => createSeqnAuthClient({ baseUrl }))).code).toBe('invalid_base_url')
    expect(fetch).not.toHaveBeenCalled()
  })

  it.each(Object.entries(taken))('%s is taken', (baseUrl, expected) => {
    expect(createSeqnAuthClient({ baseUrl }).hosted.consoleUrl()).toBe(`${expected}/auth/console`)
  })

  it('comes from the environment, else is this machine', async () => {
    expect(createSeqnAuthClient().hosted.accountUrl()).toBe('http://127.0.0.1:4080/account')
    vi.stubEnv('SEQN_AUTH_BASE_URL', 'https://accounts.example.com')
    expect(createSeqnAuthClient().hosted.organizationUrl()).toBe('https://accounts.example.com/org')
    vi.unstubAllEnvs()
  })
})

describe('keys', () => {
  it('are refused in the wrong place, and never shown', async () => {
    const client = await thrownBy(() => createSeqnAuthClient({ publishableKey: secretKey }))
    expect(client).toMatchObject({ code: 'invalid_publishable_key' })
    expect(client.message).not.toContain(secretKey)
    expect(await thrownBy(() => createSeqnAuthClient({ secretKey: publishableKey }))).toMatchObject({
      code: 'invalid_secret_key',
    })
  })

  it('are missed only where they are needed', async () => {
    const client = createSeqnAuthClient()
    expect((await thrownBy(() => client.loadPublicConfig())).code).toBe('invalid_publishable_key')
    expect((await thrownBy(() => client.verifyBackendKeyHealth())).code).toBe('invalid_secret_key')
    expect((await thrownBy(() => loadPublicConfig())).code).toBe('invalid_publishable_key')
  })

  it('load the config and verify', async () => {
    const { url: baseUrl } = await startStandIn()
    const config = await loadPublicConfig({ baseUrl, publishableKey })
    expect(config.application.name).toBe('Shop')
    expect(await verifyBackendKeyHealth({ baseUrl, secretKey })).toMatchObject({ ok: true })
  })

  it('that are secret are refused in a browser before they are sent', async () => {
    const { url: baseUrl, calls } = await startStandIn()
    openPage('https://app.example.com/')
    const options = { baseUrl, publishableKey, secretKey }
    for (const work of [
      () => createSeqnAuthClient(options),
      () => verifyBackendKeyHealth(options),
      () => loadPublicConfig(options),
    ])
      expect((await thrownBy(work)).code).toBe('invalid_secret_key')
    vi.stubEnv('SEQN_AUTH_SECRET_KEY', secretKey)
    const client = createSeqnAuthClient({ baseUrl, publishableKey })
    expect((await thrownBy(() => client.verifyBackendKeyHealth())).code).toBe('invalid_secret_key')
    vi.unstubAllEnvs()
    expect(calls).toEqual([])
  })
})
