import { expect, it } from 'vitest'
import { describeInBrowser, startSite } from './harness.ts'
import { ProjectKeysPage } from './pages/project-keys.ts'
import { ProjectsPage } from './pages/projects.ts'
import { eventually, textOf, type Visitor } from './visitor.ts'

describeInBrowser('dialogs', async () => {
  const { world, visit } = await startSite()

  async function atProjects() {
    const organization = await world.organization({ plan: 'pro' })
    await world.project(organization, { name: 'Shop', slug: 'shop' })
    const visitor = await visit()
    await visitor.signInAs(organization.owner)
    const projects = new ProjectsPage(visitor)
    await projects.goto(organization.slug)
    return { visitor, organization, projects, path: visitor.address }
  }

  const closings: [name: string, close: (projects: ProjectsPage) => Promise<void>][] = [
    ['Escape', ({ page }) => page.keyboard.press('Escape')],
    ['a click beside it', ({ page }) => page.mouse.click(300, 850)],
    ['Cancel', (projects) => projects.follow('Cancel')],
    ['its cross', (projects) => projects.follow('Close')],
  ]
  it('close without a request, and give the focus back', async () => {
    const { visitor, projects, path } = await atProjects()
    const requests: string[] = []
    visitor.page.on('request', (request) => {
      // The browser may look for the icon at any time.
      if (['document', 'fetch'].includes(request.resourceType())) requests.push(request.url())
    })
    for (const [way, close] of closings) {
      await projects.openNewProject()
      await visitor.arrivesAt(`${path}?dialog=new-project`)
      requests.length = 0
      await close(projects)
      await projects.newProject.waitFor({ state: 'detached' })
      await visitor.arrivesAt(path)
      expect(requests, way).toEqual([])
      expect(await textOf(visitor.focused()), way).toBe('New project')
    }
  })

  it('take the focus and keep it', async () => {
    const { visitor, projects } = await atProjects()
    await projects.openNewProject()
    const hasFocus = () => projects.newProject.evaluate((dialog) => dialog.contains(document.activeElement))
    expect(await projects.name.evaluate((field) => field === document.activeElement)).toBe(true)
    const inside = await projects.newProject.getByRole('textbox').count()
    for (let count = 0; count < inside + 3; count++) {
      await visitor.page.keyboard.press('Tab')
      const isOutside = await visitor.page.evaluate(() => document.activeElement === document.body)
      // Between the last and the first of it the focus is the browser's own.
      expect(isOutside || (await hasFocus())).toBe(true)
    }
  })

  it('are addresses: they open by them, and by going back', async () => {
    const { visitor, organization, projects, path } = await atProjects()
    await projects.goto(organization.slug, '?dialog=new-project')
    await projects.newProject.waitFor()
    await visitor.page.keyboard.press('Escape')
    await projects.newProject.waitFor({ state: 'detached' })
    await visitor.arrivesAt(path)
    await visitor.page.goBack()
    await projects.newProject.waitFor()
    expect(await projects.newProject.evaluate((dialog) => dialog.matches(':modal'))).toBe(true)
    await visitor.page.goForward()
    await projects.newProject.waitFor({ state: 'detached' })
    await visitor.arrivesAt(path)
  })

  async function withSecret() {
    const at = await atProjects()
    await at.projects.openNewProject()
    await at.projects.name.fill('Second')
    await at.projects.create()
    const keys = new ProjectKeysPage(at.visitor)
    await keys.secret.waitFor()
    await at.visitor.arrivesAt(/\/projects\/second\/keys$/)
    return { ...at, keys, secret: await textOf(keys.secret) }
  }

  /** Answers the browser's question, and tells which there were. */
  function answering(visitor: Visitor, answer: 'accept' | 'dismiss') {
    const asked: string[] = []
    visitor.page.on('dialog', async (dialog) => {
      asked.push(dialog.type())
      await dialog[answer]()
    })
    return asked
  }

  it('with a secret stay until it was saved', async () => {
    const { visitor, keys } = await withSecret()
    await visitor.page.keyboard.press('Escape')
    await visitor.page.keyboard.press('Escape')
    await visitor.page.mouse.click(300, 850)
    expect(await keys.secret.isVisible()).toBe(true)
    await keys.saved()
    await keys.secretDialog.waitFor({ state: 'detached' })
    await visitor.arrivesAt(/\/projects\/second\/keys$/)
  })

  it('with a secret ask before the person goes back, and stay when told so', async () => {
    const { visitor, keys, secret } = await withSecret()
    const asked = answering(visitor, 'dismiss')
    await visitor.page.evaluate(() => history.back())
    await eventually(() => asked).toEqual(['confirm'])
    expect(await textOf(keys.secret)).toBe(secret)
    await visitor.arrivesAt(/\/projects\/second\/keys$/)
  })

  it('with a secret let the person go back who says so', async () => {
    const { visitor, projects, path } = await withSecret()
    const asked = answering(visitor, 'accept')
    await visitor.page.goBack()
    await projects.row('Second').waitFor()
    await visitor.arrivesAt(path)
    expect(asked).toEqual(['confirm'])
  })

  it('with a secret that was copied by hand ask nothing', async () => {
    const { visitor, keys, projects } = await withSecret()
    const asked = answering(visitor, 'dismiss')
    await keys.secret.selectText()
    await visitor.page.keyboard.press('ControlOrMeta+c')
    await visitor.page.goBack()
    await projects.row('Second').waitFor()
    expect(asked).toEqual([])
  })

  it('with a secret make nothing again on a reload, and show nothing', async () => {
    const { visitor, keys, secret, organization } = await withSecret()
    const asked = answering(visitor, 'accept')
    visitor.mayNeverShow(secret)
    await visitor.page.reload()
    await keys.heading.getByText('Second').waitFor()
    await visitor.hidesSecrets('after a reload')
    expect([asked, await keys.dialog.count()]).toEqual([['beforeunload'], 0])
    const { body } = await organization.owner.get(`/v1/orgs/${organization.id}/projects`)
    expect(body.data).toHaveLength(2)
  })

  it('with a secret are empty once the page is left', async () => {
    const { visitor, keys, secret } = await withSecret()
    await visitor.page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide')))
    visitor.mayNeverShow(secret)
    await visitor.hidesSecrets('after leaving')
    expect(await keys.secretDialog.isVisible()).toBe(true)
    const back = visitor.page.waitForURL(/\/projects\/second\/keys$/)
    await visitor.page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })))
    await back
    await keys.secretDialog.waitFor({ state: 'detached' })
  })
})
