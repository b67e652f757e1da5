import { expect, it } from 'vitest'
import { type Secrets, statePurpose } from '../../../src/features/sign-in/oidc-login.ts'
import { base, hostile } from '../../support/hostile-addresses.ts'
import { startOidcWorld } from '../../support/oidc-world.ts'

const oidc = startOidcWorld({ environment: { PUBLIC_BASE_URL: base, SESSION_COOKIE_SECURE: 'off' } })

/** Every place that a browser could end at by this, as it stands and when somebody decodes it first. */
function origins(location: string): string[] {
  const spellings = [location, decodeURIComponent(location.replace(/%(?![0-9a-f]{2})/gi, '%25'))]
  return spellings.map((text) => URL.parse(text, `${base}/auth/callback`)?.origin ?? 'nowhere')
}

it.each([
  '//evil.example',
  '/\\\\evil.example',
  '/%2F/evil.example',
  'https://evil.example',
  'javascript:alert(1)',
])('ends in the console for %s', async (address) => {
  oidc.person({ sub: 'ada' })
  const path = `/auth/login?redirect_url=${encodeURIComponent(address)}`
  expect((await oidc.signIn('ada', { path })).answer.headers.location).toBe('/auth/console')
})

it('never leaves the origin, whatever a sign-in was asked to come back to', {
  timeout: 120_000,
}, async () => {
  expect(hostile.size).toBeGreaterThan(300)
  const browser = oidc.newBrowser()
  const addresses = [...hostile]
  const stored = new Set<string | undefined>()
  for (const address of addresses) {
    const answer = await browser.open(
      `/auth/login?redirect_url=${encodeURIComponent(address.toWellFormed())}`,
    )
    // Longer than any address that we read.
    if (answer.status === 414) continue
    expect([answer.status, new URL(answer.headers.location ?? '').origin]).toEqual([
      302,
      new URL(oidc.provider.issuer).origin,
    ])
  }
  const rows = await oidc.world.sql<{ state_hash: Buffer; sealed: Buffer; redirect_url: string | null }>(
    'select state_hash, sealed, redirect_url from oidc_states',
  )
  for (const { state_hash, sealed, redirect_url } of rows) {
    // An address of ours can hold the token of an invitation, so none is kept in the clear.
    expect(redirect_url).toBeNull()
    const secrets: Secrets = JSON.parse(oidc.world.ctx.unseal(statePurpose(state_hash), sealed))
    stored.add(secrets.redirectUrl)
  }
  expect(stored.has(undefined)).toBe(true)
  for (const address of stored)
    if (address !== undefined) expect(origins(address), address).toEqual([base, base])
})
