import { expect, it } from 'vitest'
import { describeInBrowser, startSite } from './harness.ts'
import { ProjectKeysPage } from './pages/project-keys.ts'
import { ProjectsPage } from './pages/projects.ts'
import { SignInPage } from './pages/sign-in.ts'
import type { Visitor } from './visitor.ts'

describeInBrowser('when something is wrong', async () => {
  const { world, visit } = await startSite()

  async function atKeys() {
    const organization = await world.organization({ plan: 'pro' })
    await world.project(organization, { name: 'Shop', slug: 'shop' })
    const visitor = await visit()
    await visitor.signInAs(organization.owner)
    const keys = new ProjectKeysPage(visitor)
    await keys.goto(organization.slug, 'shop')
    return { visitor, organization, keys, path: visitor.address }
  }

  async function signInAgain(visitor: Visitor, { email, password }: { email: string; password: string }) {
    const signIn = new SignInPage(visitor)
    await signIn.heading.getByText('Sign in to Silver Auth').waitFor()
    await signIn.signIn(email, password)
  }

  it('an ended session leads to sign-in, and from there to where the person was going', async () => {
    const { visitor, organization, keys, path } = await atKeys()
    await organization.owner.post('/v1/auth/logout')
    await keys.follow('Settings')
    await signInAgain(visitor, organization.owner)
    await keys.field('Name').waitFor()
    await visitor.arrivesAt(path.replace(/keys$/, 'settings'))
  })

  it('a session that ended before a form was sent leads back to the page of the form', async () => {
    const { visitor, organization, keys } = await atKeys()
    await keys.follow('URLs')
    await keys.field('Origins').fill('https://shop.example')
    await organization.owner.post('/v1/auth/logout')
    await keys.press('Save addresses')
    await signInAgain(visitor, organization.owner)
    await keys.field('Origins').waitFor()
    await visitor.arrivesAt(/\/projects\/shop\/urls$/)
    expect(await keys.field('Origins').inputValue()).toBe('')
  })

  it('a service out of reach is told, and the page stays as it is', async () => {
    const { visitor, keys, path } = await atKeys()
    visitor.expectFault(/ERR_INTERNET_DISCONNECTED|Failed to fetch/)
    await visitor.context.setOffline(true)
    await keys.follow('Settings')
    await keys.alert.getByText(/could not be reached/).waitFor()
    await visitor.arrivesAt(path)
    expect(await keys.main.getAttribute('aria-busy')).toBeNull()
    await visitor.checkpoint('out of reach')
    await visitor.context.setOffline(false)
    await keys.follow('Settings')
    await keys.field('Name').waitFor()
  })

  it('a form that was not delivered can be sent again, and counts once', async () => {
    const { visitor, organization, keys } = await atKeys()
    const projects = new ProjectsPage(visitor)
    await projects.goto(organization.slug, '?dialog=new-project')
    await projects.name.fill('Late')
    visitor.expectFault(/ERR_FAILED|Failed to fetch/)
    // The service gets it, the browser never hears of it.
    await visitor.page.route(
      '**/projects',
      async (route) => {
        await route.fetch()
        await route.abort()
      },
      { times: 1 },
    )
    await projects.create()
    await projects.alert.getByText(/could not be reached/).waitFor()
    await projects.create()
    await projects.said.getByText('This form was sent before').waitFor()
    expect(await keys.dialog.count()).toBe(0)
    const { body } = await organization.owner.get(`/v1/orgs/${organization.id}/projects`)
    expect(body.data).toHaveLength(2)
  })

  it('an address of nothing says so inside the shell, with a way back', async () => {
    const { visitor, keys, path } = await atKeys()
    visitor.expectFault(/status of 404/)
    const answer = await visitor.page.goto(path.replace('shop', 'no-such-project'))
    expect(answer?.status()).toBe(404)
    await keys.heading.getByText('Nothing here').waitFor()
    const requestId = (await answer?.allHeaders())?.['x-request-id'] ?? ''
    expect(await keys.main.textContent()).toContain(requestId)
    await visitor.checkpointEverywhere('nothing here')
    await keys.follow('Back to the console')
    await keys.heading.getByText('Projects').waitFor()
  })

  it('an address of nothing outside of the console is a page too', async () => {
    const visitor = await visit()
    const signIn = new SignInPage(visitor)
    await visitor.page.goto('/auth-error/session_expired')
    await signIn.heading.getByText('Your session has ended').waitFor()
    await visitor.checkpointEverywhere('error while signing in')
    await signIn.follow('Back to sign-in')
    await signIn.email.waitFor()
  })

  it('a page that the role does not include says so', async () => {
    const { visitor, organization, path } = await atKeys()
    await visitor.signInAs(await world.member(organization, 'viewer'))
    visitor.expectFault(/status of 403/)
    const answer = await visitor.page.goto(path)
    expect(answer?.status()).toBe(403)
    await new ProjectsPage(visitor).heading.getByText('Not allowed').waitFor()
    await visitor.checkpoint('not allowed')
  })

  it('a new build is loaded whole with the next page', async () => {
    const { visitor, keys } = await atKeys()
    await visitor.page.evaluate(() => Object.assign(window, { mark: true }))
    await visitor.page.route(
      '**/settings',
      async (route) => {
        const response = await route.fetch()
        const body = (await response.text()).replace(/data-build="[^"]*"/, 'data-build="another"')
        await route.fulfill({ response, body })
      },
      { times: 1 },
    )
    const isMarked = () => visitor.page.evaluate(() => 'mark' in window)
    await keys.follow('Settings')
    await keys.field('Name').waitFor()
    expect(await isMarked()).toBe(true)
    await keys.follow('URLs')
    await keys.field('Origins').waitFor()
    expect(await isMarked()).toBe(false)
  })

  it('an answer that is not ours is shown by itself, not in place of the page', async () => {
    const { visitor, keys } = await atKeys()
    await visitor.page.route('**/settings', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<title>Proxy</title><h1>Back soon</h1>' }),
    )
    await keys.follow('Settings')
    await keys.heading.getByText('Back soon').waitFor()
    expect(await visitor.page.title()).toBe('Proxy')
  })
})
