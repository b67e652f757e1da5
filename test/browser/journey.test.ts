import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { makeInvitation } from '../support/invitations.ts'
import { describeInBrowser, startSite } from './harness.ts'
import { type Member, signUpFromConsole } from './journey-steps.ts'
import { ProjectKeysPage } from './pages/project-keys.ts'
import { ProjectSettingsPage } from './pages/project-settings.ts'
import { ProjectsPage } from './pages/projects.ts'
import { InvitePage, SignInPage } from './pages/sign-in.ts'
import { eventually, textOf, type VisitOptions, type Visitor } from './visitor.ts'

const visits: [name: string, options: VisitOptions][] = [
  ['with scripts', {}],
  ['without scripts', { javaScriptEnabled: false }],
  [
    'on a narrow screen, with a finger',
    { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  ],
]

describeInBrowser('somebody new', async () => {
  const { world, visit } = await startSite()

  const statusOf = async (secret: string) =>
    (await world.withBearer(secret).get('/v1/backend/application')).status
  const projectsOf = async (slug: string) =>
    world.sql(
      `select projects.name from projects join organizations on organizations.id = organization_id
       where organizations.slug = $1`,
      [slug],
    )

  it.each(visits)('signs up, makes a project, uses its keys and leaves: %s', async (_, options) => {
    const visitor = await visit(options)
    const member = await signUpFromConsole(visitor)
    const { slug: org } = member
    const secret = await makeProject(visitor)
    expect(await projectsOf(org)).toHaveLength(1)
    await isNeverShownAgain(visitor, org)

    expect(await statusOf(secret)).toBe(200)
    const keys = new ProjectKeysPage(visitor)
    await keys.goto(org, 'shop')
    const publishableKey = await textOf(keys.publishableKey)
    const config = await world.withPublishableKey(publishableKey).get('/v1/client/config')
    expect(config.status).toBe(200)

    const fresh = await rotate(visitor, secret)
    expect([await statusOf(secret), await statusOf(fresh)]).toEqual([200, 200])
    await world.ctx.batches.flush()
    await revoke(visitor, secret)
    expect([await statusOf(secret), await statusOf(fresh)]).toEqual([401, 200])

    const settings = new ProjectSettingsPage(visitor)
    await settings.follow('Settings')
    await settings.disable()
    await settings.button('Enable project').waitFor()
    expect(await statusOf(fresh)).toBe(409)
    await visitor.checkpoint('settings of a disabled project')
    await settings.enable()
    await settings.link('Disable project').waitFor()
    expect(await statusOf(fresh)).toBe(200)
    await visitor.checkpointEverywhere('settings')

    await leaveAndReturn(visitor, member)
  })

  it('joins by an invite link, the first with a new account, the second by signing in', async () => {
    const organization = await world.organization({ name: 'Engines' })
    const { token } = await makeInvitation(organization, { maxUses: 2 })
    const newcomer = await visit()
    await newcomer.page.goto(`/invite/${token}`)
    const invite = new InvitePage(newcomer)
    await invite.heading.getByText('Join Engines').waitFor()
    await newcomer.checkpointEverywhere('invite to a new person')
    await invite.signUp({
      name: 'Grace Hopper',
      email: 'grace@example.com',
      password: 'correct-horse-battery',
    })
    await newcomer.arrivesAt(`/auth/console/${organization.slug}/projects`)
    await newcomer.page.getByText('You have joined Engines').waitFor()

    const { owner } = await world.organization()
    const known = await visit({ javaScriptEnabled: false })
    await known.page.goto(`/invite/${token}`)
    const again = new InvitePage(known)
    await again.follow('Sign in to join')
    await new SignInPage(known).signIn(owner.email, owner.password)
    await again.heading.getByText('Join Engines').waitFor()
    await known.checkpointEverywhere('invite')
    await again.accept(owner.email)
    await known.arrivesAt(`/auth/console/${organization.slug}/projects`)
    await known.page.goto(`/invite/${token}`)
    await known.page.getByText('You are a member already').waitFor()
    await known.checkpoint('invite to a member')
  })

  /** With a wrong address first; returns the secret after it was saved. */
  async function makeProject(visitor: Visitor): Promise<string> {
    const projects = new ProjectsPage(visitor)
    await visitor.checkpointEverywhere('no projects')
    await projects.openNewProject()
    await visitor.checkpoint('new project')
    await projects.name.fill('Shop')
    await projects.redirectUrls.fill('https://shop.example/cb\nhttp://shop.example/cb')
    visitor.expectFault(/status of 422/)
    await projects.create()
    await projects.newProject.getByText(/^Line 2: /).waitFor()
    expect(await projects.redirectUrls.getAttribute('aria-invalid')).toBe('true')
    const id = await projects.redirectUrls.getAttribute('id')
    expect(await visitor.focused().getAttribute('id')).toBe(id)
    expect(await projects.name.inputValue()).toBe('Shop')
    expect(await projects.button('Create project').getAttribute('aria-busy')).toBeNull()
    await visitor.checkpointEverywhere('new project refused')

    await projects.redirectUrls.fill('https://shop.example/cb')
    await projects.create()
    const keys = new ProjectKeysPage(visitor)
    const secret = await textOf(keys.secret)
    await visitor.checkpointEverywhere('secret')
    await takeDown(visitor, keys, secret)
    visitor.mayNeverShow(secret)
    await keys.saved()
    await keys.secretDialog.waitFor({ state: 'detached' })
    await visitor.arrivesAt(/\/projects\/shop\/keys$/)
    return secret
  }

  async function takeDown(visitor: Visitor, keys: ProjectKeysPage, secret: string) {
    const clipboard = () => visitor.page.evaluate(() => navigator.clipboard.readText())
    const copies = keys.secretDialog.getByRole('button')
    if (!visitor.hasScripts) {
      expect(await copies.count(), 'no button that could do nothing').toBe(0)
      return
    }
    await keys.press('Copy')
    await keys.said.getByText('Copied').waitFor()
    expect(await clipboard()).toBe(secret)
    await keys.press('Copy as .env line')
    await eventually(clipboard).toBe(`SEQN_AUTH_SECRET_KEY=${secret}`)
    const download = visitor.page.waitForEvent('download')
    await keys.press('Download .env')
    const file = await download
    expect(file.suggestedFilename()).toMatch(/\.env$/)
    expect(await readFile(await file.path(), 'utf8')).toBe(`SEQN_AUTH_SECRET_KEY=${secret}\n`)
  }

  /** Wherever the person looks; every look is judged by `hidesSecrets`. */
  async function isNeverShownAgain(visitor: Visitor, org: string) {
    const { page } = visitor
    const keys = new ProjectKeysPage(visitor)
    await visitor.checkpoint('keys')
    await page.reload()
    await visitor.hidesSecrets('after a reload')
    if (visitor.hasScripts) {
      await page.goBack()
      await new ProjectsPage(visitor).heading.getByText('Projects').waitFor()
      await visitor.hidesSecrets('after going back')
      await page.goForward()
      await keys.heading.getByText('Shop').waitFor()
      await visitor.hidesSecrets('after going forward')
    } else {
      // The answers to forms are not kept: the browser would have to send the form again.
      await expect(page.goBack()).rejects.toThrow(/ERR_CACHE_MISS/)
      await page.waitForURL(/^chrome-error:/)
    }
    const source = await visitor.context.request.get(`/auth/console/${org}/projects/shop/keys`)
    expect(await source.text()).not.toMatch(/sk_live_[0-9a-z]{20}/)
    for (const tab of ['', '/shop/keys', '/shop/urls', '/shop/settings']) {
      await page.goto(`/auth/console/${org}/projects${tab}`)
      await visitor.checkpoint(`page ${tab}`)
    }
  }

  async function rotate(visitor: Visitor, old: string): Promise<string> {
    const keys = new ProjectKeysPage(visitor)
    await keys.follow('Rotate secret key')
    await keys.dialogNamed('Rotate secret key').waitFor()
    await visitor.checkpoint('rotate')
    await keys.chooseOverlap('1 hour')
    await keys.press('Rotate key')
    const fresh = await textOf(keys.secret)
    expect(await keys.secretDialog.textContent()).toContain(old.slice(0, 16))
    await visitor.checkpoint('rotated')
    // Having copied it, nobody is asked whether to leave.
    if (visitor.hasScripts) await keys.press('Copy')
    visitor.mayNeverShow(fresh)
    await keys.saved()
    await keys.secretDialog.waitFor({ state: 'detached' })
    await keys.row(old).getByText('Retiring').waitFor()
    await keys.row(fresh).getByText('Active').waitFor()
    await visitor.checkpointEverywhere('two keys')
    await visitor.page.reload()
    await visitor.hidesSecrets('after rotating and a reload')
    expect(await keys.secretDialog.count()).toBe(0)
    return fresh
  }

  async function revoke(visitor: Visitor, secret: string) {
    const keys = new ProjectKeysPage(visitor)
    await keys.revoke(secret)
    expect(await keys.dialog.textContent()).toContain('In use')
    expect(await visitor.focused().textContent(), 'Enter does no harm').toBe('Cancel')
    await visitor.checkpointEverywhere('revoke')
    await keys.press('Revoke key')
    await keys.said.getByText('Secret key revoked').waitFor()
    expect(await keys.row(secret).count()).toBe(0)
    await visitor.checkpoint('revoked')
  }

  async function leaveAndReturn(visitor: Visitor, { slug, email, password }: Member) {
    const keys = new ProjectKeysPage(visitor)
    await keys.signOut()
    await keys.heading.getByText('You are signed out').waitFor()
    await visitor.checkpoint('signed out')
    const wanted = `/auth/console/${slug}/projects/shop/keys?dialog=rotate`
    await visitor.page.goto(wanted)
    const signIn = new SignInPage(visitor)
    await visitor.arrivesAt(`/sign-in?redirect_url=${encodeURIComponent(wanted)}`)
    await visitor.checkpoint('sign in')
    visitor.expectFault(/status of 401/)
    await signIn.signIn(email, 'not the password at all')
    await signIn.alert.waitFor()
    expect(await signIn.email.inputValue()).toBe(email)
    await visitor.checkpointEverywhere('sign in refused')
    await signIn.signIn(email, password)
    await keys.dialogNamed('Rotate secret key').waitFor()
    await visitor.arrivesAt(wanted)
  }
})
