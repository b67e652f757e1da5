import { Console } from './console.ts'

export class ProjectSettingsPage extends Console {
  goto = (org: string, project: string, query = '') =>
    this.page.goto(`/auth/console/${org}/projects/${project}/settings${query}`)

  async disable() {
    await this.follow('Disable project')
    await this.visitor.press(this.dialog.getByRole('button', { name: 'Disable project' }))
  }

  enable = () => this.press('Enable project')
}
