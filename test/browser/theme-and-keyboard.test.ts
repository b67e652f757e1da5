import { expect, it } from 'vitest'
import { describeInBrowser, startSite } from './harness.ts'
import { Console } from './pages/console.ts'
import { ProjectKeysPage } from './pages/project-keys.ts'
import { ProjectsPage } from './pages/projects.ts'
import { SignInPage } from './pages/sign-in.ts'
import { eventually, type VisitOptions, type Visitor } from './visitor.ts'

describeInBrowser('the look', async () => {
  const { world, visit } = await startSite()

  async function atProjects(options: VisitOptions = {}) {
    const organization = await world.organization()
    const visitor = await visit({ colorScheme: 'light', ...options })
    await visitor.signInAs(organization.owner)
    const projects = new ProjectsPage(visitor)
    await projects.goto(organization.slug)
    return { visitor, projects }
  }

  const choice = ({ page }: Visitor, name: string) => page.getByRole('radio', { name })
  const isDark = ({ page }: Visitor) =>
    page.evaluate(() => {
      const [, lightness = ''] =
        /^oklch\(([\d.]+)/.exec(getComputedStyle(document.documentElement).backgroundColor) ?? []
      return Number.parseFloat(lightness) < 0.5
    })
  /** What the server wrote, before any script: the first paint is right already. */
  const written = async ({ page }: Visitor) => (await page.reload())?.text()

  it('is chosen at once, and written by the server from then on', async () => {
    const { visitor, projects } = await atProjects()
    expect(await isDark(visitor)).toBe(false)
    await projects.openMenu('Theme')
    expect(await choice(visitor, 'System').isChecked()).toBe(true)
    expect(await projects.button('Apply').isVisible()).toBe(false)
    await visitor.checkpoint('theme menu')
    await choice(visitor, 'Dark').check()
    await eventually(() => isDark(visitor)).toBe(true)
    expect(await written(visitor)).toMatch(/<html lang="en" data-theme="dark">.*content="dark"/s)
    expect(await isDark(visitor)).toBe(true)
    await projects.openMenu('Theme')
    expect(await choice(visitor, 'Dark').isChecked()).toBe(true)
    // Arrow keys move within the choice, as in every group of radio buttons.
    await choice(visitor, 'Dark').press('ArrowUp')
    await eventually(() => isDark(visitor)).toBe(false)
    await choice(visitor, 'System').check()
    expect(await written(visitor)).toContain('<html lang="en">')
  })

  it('is chosen without scripts, on the page where one is', async () => {
    const { visitor, projects } = await atProjects({ javaScriptEnabled: false })
    await projects.openNewProject()
    const before = visitor.address
    await projects.openMenu('Theme')
    await choice(visitor, 'Dark').check()
    await projects.press('Apply')
    await projects.newProject.waitFor()
    await visitor.arrivesAt(before)
    expect(await isDark(visitor)).toBe(true)
  })

  it('follows the system where nothing was chosen, on pages of sign-in too', async () => {
    const visitor = await visit({ colorScheme: 'dark' })
    await new SignInPage(visitor).goto()
    expect(await isDark(visitor)).toBe(true)
    await visitor.page.emulateMedia({ colorScheme: 'light' })
    expect(await isDark(visitor)).toBe(false)
  })
})

describeInBrowser('the keyboard alone', async () => {
  const { world, visit } = await startSite()

  /** Tabs until this has the focus; fails when the whole page was gone through. */
  async function tabTo({ page }: Visitor, name: RegExp) {
    for (let count = 0; count < 60; count++) {
      await page.keyboard.press('Tab')
      const words = await page.evaluate(() => {
        const { activeElement } = document
        const labels = activeElement instanceof HTMLInputElement ? [...(activeElement.labels ?? [])] : []
        return activeElement?.ariaLabel ?? labels[0]?.textContent ?? activeElement?.textContent ?? ''
      })
      if (name.test(words.trim())) return
    }
    throw new Error(`the keyboard does not reach ${name}`)
  }

  it('signs in and makes a project', async () => {
    const { owner } = await world.organization()
    const visitor = await visit()
    const { keyboard } = visitor.page
    const signIn = new SignInPage(visitor)
    await signIn.goto()
    await eventually(() => visitor.focused().getAttribute('id')).toBe('field-email')
    await keyboard.type(owner.email)
    await keyboard.press('Tab')
    await keyboard.type(owner.password)
    await keyboard.press('Enter')
    const projects = new ProjectsPage(visitor)
    await projects.heading.getByText('Projects').waitFor()
    await tabTo(visitor, /^New project$/)
    await keyboard.press('Enter')
    await projects.newProject.waitFor()
    await keyboard.type('By keyboard')
    await tabTo(visitor, /^Create project$/)
    await keyboard.press('Enter')
    const keys = new ProjectKeysPage(visitor)
    await keys.secret.waitFor()
    await tabTo(visitor, /^Copy as .env line$/)
    await keyboard.press('Enter')
    await keys.said.getByText('Copied').waitFor()
    await tabTo(visitor, /^I saved the secret$/)
    await keyboard.press('Enter')
    await keys.secretDialog.waitFor({ state: 'detached' })
    await eventually(() => visitor.focused().getAttribute('id')).toBe('main')
  })

  it('skips to the content, and opens and leaves menus', async () => {
    const { owner, slug } = await world.organization()
    const visitor = await visit()
    const { keyboard } = visitor.page
    await visitor.signInAs(owner)
    await new ProjectsPage(visitor).goto(slug)
    await keyboard.press('Tab')
    expect(await visitor.focused().textContent()).toBe('Skip to content')
    await visitor.checkpoint('skip link')
    await keyboard.press('Enter')
    await eventually(() => visitor.focused().getAttribute('id')).toBe('main')
    const shell = new Console(visitor)
    const account = visitor.page.getByRole('button', { name: /^Account of/ })
    await account.focus()
    await keyboard.press('Enter')
    await shell.link('Sign out').waitFor()
    await visitor.checkpoint('account menu')
    await keyboard.press('Escape')
    await shell.link('Sign out').waitFor({ state: 'hidden' })
    expect(await account.evaluate((button) => button === document.activeElement)).toBe(true)
  })

  it('shows and hides a password', async () => {
    const visitor = await visit()
    const signIn = new SignInPage(visitor)
    await signIn.goto()
    await signIn.password.fill('correct-horse')
    const type = () => signIn.password.getAttribute('type')
    await signIn.press('Show password')
    expect(await type()).toBe('text')
    await visitor.checkpoint('password shown')
    await signIn.press('Hide password')
    expect(await type()).toBe('password')
  })
})
