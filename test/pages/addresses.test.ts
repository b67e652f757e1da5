import { describe, expect, it } from 'vitest'
import { browserless, hiddenFields } from '../support/browserless.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()

async function withConsole() {
  const organization = await world.organization({ plan: 'pro' })
  const browser = browserless(world)
  browser.cookies.set('seqn_session', organization.owner.cookie)
  return { browser, base: `/auth/console/${organization.slug}/projects` }
}

describe('the page that a form is posted from', () => {
  it.each([
    ['ours', (base: string, own: string) => `${own}${base}?dialog=new-project`, true],
    ['another site', (base: string) => `https://evil.example${base}?dialog=new-project`, false],
    ['another scheme', () => 'javascript:alert(1)', false],
    ['another host behind ours', (_: string, own: string) => `${own}//evil.example/`, false],
    ['no address', () => 'not an address', false],
    ['nothing', () => undefined, false],
  ])('is where the theme returns to only when it is ours: %s', async (_, referer, isOurs) => {
    const { browser, base } = await withConsole()
    const own = world.ctx.config.publicBaseUrl
    const answer = await browser.post(base, { name: '' }, { referer: referer(base, own) })
    expect(answer.status).toBe(422)
    expect(hiddenFields(answer.text, '/theme').return_to).toBe(
      isOurs ? `${base}?dialog=new-project` : '/auth/console',
    )
  })

  it('is where sign-in leads back to when the session has ended', async () => {
    const { base } = await withConsole()
    const referer = `${world.ctx.config.publicBaseUrl}${base}`
    const answer = await browserless(world).post(`${base}/x/keys/rotate`, {}, { referer })
    expect(answer.headers.location).toBe(`/sign-in?redirect_url=${encodeURIComponent(base)}`)
  })
})

describe('the address of an answer', () => {
  const script = { 'hx-request': 'true' }

  it('is its own for what a GET shows', async () => {
    const { browser, base } = await withConsole()
    for (const headers of [script, { ...script, 'hx-history-restore-request': 'true' }]) {
      const answer = await browser.open(base, headers)
      expect(answer.headers).not.toHaveProperty('hx-push-url')
      expect(answer.headers).not.toHaveProperty('hx-replace-url')
    }
  })

  it('stays what it was for a form that is shown again', async () => {
    const { browser, base } = await withConsole()
    const { headers } = await browser.post(base, { name: '' }, script)
    expect([headers['hx-push-url'], headers['hx-replace-url']]).toEqual(['false', undefined])
  })

  it('is that of the keys for what shows a secret', async () => {
    const { browser, base } = await withConsole()
    const made = await browser.post(base, { name: 'Shop' }, script)
    const rotated = await browser.post(`${base}/shop/keys/rotate`, { overlap_seconds: '0' }, script)
    for (const { headers } of [made, rotated]) {
      expect([headers['hx-push-url'], headers['hx-replace-url']]).toEqual(['false', `${base}/shop/keys`])
    }
  })
})

describe('the word for the next page', () => {
  it('is cleared as it was set', async () => {
    const { browser, base } = await withConsole()
    await browser.post(base, { name: 'Shop' })
    const saved = await browser.post(`${base}/shop/settings`, { name: 'Renamed' })
    const shown = await browser.open(`${base}/shop/settings`)
    const attributes = [saved, shown].map(({ headers }) =>
      (headers['set-cookie'] ?? [])
        .filter((line) => line.startsWith('seqn_flash='))
        .map((line) => line.replace(/^[^;]*/, '').replaceAll(/; (Max-Age|Expires)=[^;]*/g, '')),
    )
    expect(attributes).toEqual([['; Path=/; HttpOnly; SameSite=Lax'], ['; Path=/; HttpOnly; SameSite=Lax']])
  })
})
