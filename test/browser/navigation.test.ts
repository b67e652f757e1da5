import { expect, it } from 'vitest'
import type { Organization } from '../support/world.ts'
import { describeInBrowser, startSite } from './harness.ts'
import { ProjectKeysPage } from './pages/project-keys.ts'
import { ProjectSettingsPage } from './pages/project-settings.ts'
import { ProjectsPage } from './pages/projects.ts'
import { eventually, type VisitOptions, type Visitor } from './visitor.ts'

describeInBrowser('moving through the console', async () => {
  const { world, visit } = await startSite()

  async function atKeys(options: VisitOptions = {}) {
    const organization = await world.organization({ plan: 'pro' })
    await world.project(organization, { name: 'Shop', slug: 'shop' })
    const visitor = await visit(options)
    await visitor.signInAs(organization.owner)
    const keys = new ProjectKeysPage(visitor)
    await keys.goto(organization.slug, 'shop')
    return { visitor, organization, keys, path: visitor.address }
  }

  const countProjects = async ({ id, owner }: Organization) =>
    (await owner.get(`/v1/orgs/${id}/projects`)).body.data.length

  /** A mark that only a full load removes. */
  const mark = ({ page }: Visitor) => page.evaluate(() => Object.assign(window, { mark: true }))
  const isMarked = ({ page }: Visitor) => page.evaluate(() => 'mark' in window)

  const focusIsOn = (visitor: Visitor, id: string) =>
    eventually(() => visitor.page.evaluate(() => document.activeElement?.id)).toBe(id)

  it('changes page, title, place in the page and focus, without a full load', async () => {
    const { visitor, keys } = await atKeys()
    await mark(visitor)
    await visitor.page.evaluate(() => scrollTo(0, 400))
    await keys.follow('Settings')
    await focusIsOn(visitor, 'main')
    expect(await visitor.page.title()).toBe('Settings · Shop · Silver Auth')
    expect(await visitor.page.evaluate(() => scrollY)).toBe(0)
    const tabs = visitor.page.getByRole('navigation', { name: 'Project' })
    expect(await tabs.locator('[aria-current=page]').allTextContents()).toEqual(['Settings'])
    expect(await isMarked(visitor)).toBe(true)
  })

  it('goes back and forward through what was seen, once each', async () => {
    const { visitor, keys, path } = await atKeys()
    const { page } = visitor
    const before = await page.evaluate(() => history.length)
    await keys.follow('URLs')
    await page.getByRole('textbox', { name: 'Redirect URLs' }).waitFor()
    await keys.follow('Settings')
    const name = keys.field('Name')
    await name.waitFor()
    await visitor.arrivesAt(/\/settings$/)
    expect(await page.evaluate(() => history.length)).toBe(before + 2)
    await page.goBack()
    await page.getByRole('textbox', { name: 'Redirect URLs' }).waitFor()
    await page.goBack()
    await keys.publishableKey.waitFor()
    await visitor.arrivesAt(path)
    await page.goForward()
    await page.getByRole('textbox', { name: 'Redirect URLs' }).waitFor()
    await page.goForward()
    await name.waitFor()
    expect(await page.evaluate(() => history.length)).toBe(before + 2)
  })

  it('saves a form in its place: a word about it, the focus kept, no new entry in the history', async () => {
    const { visitor, keys } = await atKeys()
    await keys.follow('Settings')
    await keys.field('Name').fill('Renamed')
    const before = await visitor.page.evaluate(() => history.length)
    await keys.field('Name').press('Enter')
    await keys.said.getByText('Name saved').waitFor()
    await keys.heading.getByText('Renamed').waitFor()
    expect(await visitor.page.evaluate(() => history.length)).toBe(before)
    await focusIsOn(visitor, 'field-name')
    await visitor.checkpoint('saved')
    await keys.press('Dismiss')
    expect(await keys.said.getByText('Name saved').count()).toBe(0)
  })

  it.each<[string, VisitOptions]>([
    ['with scripts', {}],
    ['without scripts', { javaScriptEnabled: false }],
  ])('puts the focus into the first wrong field of a page: %s', async (_, options) => {
    const { visitor, keys } = await atKeys(options)
    await keys.follow('URLs')
    visitor.expectFault(/status of 422/)
    await keys.field('Origins').fill('ftp://shop.example')
    await keys.press('Save addresses')
    await visitor.page.getByText(/^Line 1: /).waitFor()
    await focusIsOn(visitor, 'field-origins')
    await visitor.checkpoint('addresses refused')
  })

  it('makes one project of a form that is sent twice', async () => {
    const { visitor, organization } = await atKeys()
    const projects = new ProjectsPage(visitor)
    await projects.goto(organization.slug, '?dialog=new-project')
    let posts = 0
    await visitor.page.route('**/projects', async (route) => {
      if (route.request().method() === 'POST') posts++
      await route.continue()
    })
    await projects.name.fill('Once')
    await projects.button('Create project').dblclick()
    await new ProjectKeysPage(visitor).secret.waitFor()
    expect([posts, await countProjects(organization)]).toEqual([1, 2])
  })

  it('makes one project of a form that is sent twice, without scripts', async () => {
    const { visitor, organization } = await atKeys({ javaScriptEnabled: false })
    const projects = new ProjectsPage(visitor)
    await projects.goto(organization.slug, '?dialog=new-project')
    await projects.name.fill('Once')
    await projects.create()
    const keys = new ProjectKeysPage(visitor)
    visitor.mayNeverShow((await keys.secret.textContent()) ?? '')
    await visitor.page.reload()
    await projects.said.getByText('This form was sent before').waitFor()
    await visitor.hidesSecrets('after sending the form again')
    expect(await countProjects(organization)).toBe(2)
  })

  it('has a page at the address of every form, for who opens it again', async () => {
    const { visitor, keys, path } = await atKeys()
    const settings = path.replace(/keys$/, 'settings')
    const forms: [posted: string, shown: string][] = [
      [`${path}/rotate`, path],
      [`${path}/key_0/revoke`, path],
      [path.replace(/keys$/, 'disable'), settings],
      [path.replace(/keys$/, 'enable'), settings],
      [path.replace(/keys$/, 'delete'), settings],
    ]
    for (const [posted, shown] of forms) {
      await visitor.page.goto(posted)
      await keys.heading.getByText('Shop').waitFor()
      await visitor.arrivesAt(shown)
    }
  })

  it('opens and closes the rail of a narrow screen', async () => {
    const { visitor, keys } = await atKeys({ viewport: { width: 390, height: 844 } })
    const main = visitor.page.getByRole('navigation', { name: 'Main' })
    expect(await main.isVisible()).toBe(false)
    await keys.openMenu('Navigation')
    await main.waitFor()
    await visitor.checkpoint('rail')
    await main.getByRole('link', { name: 'Projects' }).click()
    await keys.heading.getByText('Projects').waitFor()
    await main.waitFor({ state: 'hidden' })
  })

  it('tells times in the time zone of the reader', async () => {
    const { visitor, organization } = await atKeys({ timezoneId: 'Asia/Tokyo' })
    await new ProjectSettingsPage(visitor).goto(organization.slug, 'shop')
    const created = visitor.page.getByRole('time').first()
    await eventually(() => created.getAttribute('title')).toMatch(/GMT\+9$/)
  })
})
