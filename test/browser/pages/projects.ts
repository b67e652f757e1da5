import type { Locator } from 'playwright-core'
import { Console } from './console.ts'

export class ProjectsPage extends Console {
  goto = (org: string, query = '') => this.page.goto(`/auth/console/${org}/projects${query}`)

  row = (name: string): Locator => this.page.getByRole('row').filter({ hasText: name })

  get newProject(): Locator {
    return this.dialogNamed('New project')
  }

  async openNewProject() {
    await this.follow('New project')
    await this.newProject.waitFor()
  }

  get name(): Locator {
    return this.newProject.getByRole('textbox', { name: 'Name' })
  }

  get redirectUrls(): Locator {
    return this.newProject.getByRole('textbox', { name: 'Redirect URLs' })
  }

  create = () => this.press('Create project')
}
