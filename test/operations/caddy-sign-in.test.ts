import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBehindCaddy } from '../browser/harness.ts'
import { ProjectsPage } from '../browser/pages/projects.ts'
import { SignInPage, SignUpPage } from '../browser/pages/sign-in.ts'
import { Visitor } from '../browser/visitor.ts'
import { startOwnCaddy } from '../support/caddy.ts'
import { freePort } from '../support/spawned.ts'
import { tool } from '../support/tools.ts'
import { startWorld } from '../support/world.ts'

const executablePath = tool('chromium')
const host = 'accounts.silver.test'
const port = await freePort()
const servicePort = await freePort()
const origin = `https://${host}:${port}`
const person = {
  name: 'Ada',
  email: 'ada@example.com',
  password: 'a long password of mine',
  organization: 'A',
}

describe.runIf(executablePath && tool('caddy'))('a person behind Caddy', () => {
  const world = startWorld({
    port: servicePort,
    environment: { PUBLIC_BASE_URL: origin, TRUSTED_PROXIES: '127.0.0.1' },
  })
  let browser: Browser
  let caddy: Awaited<ReturnType<typeof startOwnCaddy>>

  beforeAll(async () => {
    caddy = await startOwnCaddy({ host, port, upstreams: [servicePort] })
    browser = await launchBehindCaddy(caddy)
  })
  afterAll(async () => {
    await browser?.close()
    await caddy?.stop()
  })

  it('signs up, out and in, with Secure cookies and their own address on record', async () => {
    const visitor = await Visitor.in(browser, origin, {
      extraHTTPHeaders: { 'x-forwarded-for': '203.0.113.66' },
    })
    await new SignUpPage(visitor).goto()
    await new SignUpPage(visitor).signUp(person)
    await new ProjectsPage(visitor).heading.getByText('Projects').waitFor()

    await visitor.context.clearCookies()
    await new SignInPage(visitor).goto()
    const answer = visitor.page.waitForResponse((response) => response.request().method() === 'POST')
    await new SignInPage(visitor).signIn(person.email, person.password)
    const hsts = (await (await answer).headersArray()).filter(({ name }) => /^strict-transport/i.test(name))
    expect(hsts.map(({ value }) => value)).toEqual(['max-age=63072000; includeSubDomains'])
    await new ProjectsPage(visitor).heading.getByText('Projects').waitFor()

    const cookies = (await visitor.context.cookies()).map(({ name, secure, domain }) => [
      name,
      secure,
      domain,
    ])
    expect(cookies.length).toBeGreaterThan(0)
    expect(cookies.filter(([name]) => !String(name).startsWith('__Host-'))).toEqual([])
    expect(cookies).toContainEqual(['__Host-seqn_session', true, host])
    expect(await visitor.leave()).toEqual([])

    const details = await world.sql<{ details: string }>('select details::text from audit_details')
    const seen = details.map((row) => row.details).join('\n')
    expect(seen).toContain('127.0.0.1')
    expect(seen).not.toContain('203.0.113.66')
  })
})
