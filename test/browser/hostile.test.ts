import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeInBrowser, startSite } from './harness.ts'
import { ProjectsPage } from './pages/projects.ts'

const foreign = {
  server: http.createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://foreign.test')
    const action = searchParams.get('action') ?? ''
    const fields = [...searchParams].filter(([name]) => name !== 'action')
    const inputs = fields.map(([name, value]) => `<input name="${name}" value="${value}">`).join('')
    response.setHeader('content-type', 'text/html')
    response.end(
      `<link rel="icon" href="data:,"><form method="post" action="${action}">${inputs}<button>Win</button></form>`,
    )
  }),
  port: 0,
}

describeInBrowser('hostile', async () => {
  const { world, visit, origin } = await startSite()

  beforeAll(async () => {
    await new Promise<void>((resolve) => foreign.server.listen(0, '127.0.0.1', resolve))
    foreign.port = (foreign.server.address() as AddressInfo).port
  })
  afterAll(async () => {
    foreign.server.closeAllConnections()
    await new Promise((resolve) => foreign.server.close(resolve))
  })

  async function atProjects(name = 'Shop', organizationName = 'Ada') {
    const organization = await world.organization({ plan: 'pro', name: organizationName })
    const project = await world.project(organization, { name, slug: 'shop' })
    const visitor = await visit()
    await visitor.signInAs(organization.owner)
    const projects = new ProjectsPage(visitor)
    await projects.goto(organization.slug)
    return { visitor, organization, project, projects }
  }

  it('names of markup are text, wherever they stand', async () => {
    const names = ['<img src=x onerror=alert(1)>', '"><script>alert(1)</script>', "' onmouseover='alert(1)"]
    const [first = '', ...others] = names
    const { visitor, organization, projects } = await atProjects(first, first)
    for (const name of others) await world.project(organization, { name })
    await visitor.page.reload()
    for (const name of names) await projects.row(name).getByRole('link', { name }).waitFor()
    await projects.row(first).getByRole('link', { name: first }).click()
    await projects.heading.getByText(first).waitFor()
    await projects.follow('Settings')
    expect(await projects.field('Name').inputValue()).toBe(first)
    await projects.follow('Delete project')
    await projects.dialogNamed(`Delete ${first}`).waitFor()
    await visitor.checkpoint('a name of markup')
  })

  it('names cannot turn around or hide what stands beside them', async () => {
    const { visitor, projects } = await atProjects('shop\u202Egpj.exe\u200B')
    await projects.row('shop[U+202E]gpj.exe[U+200B]').waitFor()
    await visitor.checkpoint('a name of marks')
  })

  it('a long name without spaces stays inside the page', async () => {
    const { visitor, projects } = await atProjects('W'.repeat(80), 'M'.repeat(80))
    await visitor.checkpointEverywhere('long names')
    await projects.row('WWW').getByRole('link').first().click()
    await projects.heading.getByText(/^W+$/).waitFor()
    await visitor.checkpointEverywhere('long names of a project')
  })

  const attempts: [name: string, attempt: () => void][] = [
    [
      'a script element',
      () => {
        const script = document.createElement('script')
        script.append('window.injected = true')
        document.body.append(script)
      },
    ],
    [
      'markup',
      () => {
        document.body.innerHTML = '<img src=x onerror="window.injected = true">'
      },
    ],
    [
      'a handler',
      () => {
        const image = document.createElement('img')
        image.setAttribute('onerror', 'window.injected = true')
        image.src = '/nothing'
        document.body.append(image)
      },
    ],
    [
      'text that is run',
      () => {
        setTimeout('window.injected = true')
      },
    ],
    [
      'a frame',
      () => {
        const frame = document.createElement('iframe')
        frame.setAttribute('srcdoc', '<script>parent.injected = true</script>')
        document.body.append(frame)
      },
    ],
    [
      'a style',
      () => {
        document.body.setAttribute('style', 'display: none')
        if (getComputedStyle(document.body).display === 'none') Object.assign(window, { injected: true })
      },
    ],
  ]
  it.each(attempts)('the policy stops %s that gets into the page', async (_, attempt) => {
    const { visitor } = await atProjects()
    visitor.expectFault(/policy|Content Security Policy|TrustedHTML|TrustedScript|status of 404/i)
    await visitor.page.evaluate(() =>
      document.addEventListener('securitypolicyviolation', () => Object.assign(window, { stopped: true })),
    )
    await visitor.page.evaluate(attempt).catch(() => undefined)
    await visitor.page.waitForFunction(() => 'stopped' in window)
    expect(await visitor.page.evaluate(() => 'injected' in window)).toBe(false)
  })

  it.each(['127.0.0.1', 'localhost'])('a page of another site (%s) cannot send our forms', async (host) => {
    const { visitor, organization, project, projects } = await atProjects()
    const { page } = visitor
    const elsewhere = `http://${host}:${foreign.port}`
    visitor.expectFault(new RegExp(`request to ${elsewhere}`), /status of 403/)
    const base = `/auth/console/${organization.slug}/projects`
    const forms: [path: string, fields: Record<string, string>][] = [
      ['/auth/logout', { scope: 'everywhere' }],
      [base, { name: 'Foreign' }],
      [`${base}/shop/disable`, {}],
      [`${base}/shop/delete`, { confirm: 'shop' }],
      [`${base}/shop/keys/rotate`, { overlap_seconds: '0' }],
      ['/theme', { theme: 'dark' }],
      ['/sign-in', { email: organization.owner.email, password: organization.owner.password }],
    ]
    for (const [path, fields] of forms) {
      const query = new URLSearchParams({ action: origin + path, ...fields })
      await page.goto(`${elsewhere}/?${query}`)
      await page.getByRole('button', { name: 'Win' }).click()
      await projects.heading.getByText('The form was not accepted').waitFor()
    }
    const { body } = await organization.owner.get(`/v1/orgs/${organization.id}/projects`)
    expect(body.data.map(({ slug, status }: Record<string, string>) => [slug, status])).toEqual([
      ['shop', 'active'],
    ])
    expect((await world.withBearer(project.secretKey).get('/v1/backend/application')).status).toBe(200)
    expect((await visitor.context.cookies()).map(({ name }) => name)).not.toContain('theme')
    await projects.goto(organization.slug)
    await projects.row('Shop').waitFor()
  })
})
