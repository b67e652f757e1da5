import { system } from '../../actors.ts'
import { change } from '../../change/change.ts'
import type { Context } from '../../context.ts'
import { randomToken } from '../../lib/secrets.ts'
import { addPassword } from '../credentials/credentials.ts'
import { hashPassword } from '../credentials/password.ts'
import { foundOrganization } from '../organizations/organizations.ts'
import { addProject } from '../projects/projects.ts'
import { addUser } from '../users/users.ts'
import { isUntouched } from './queries.ts'

export type Demo = { email: string; password: string; publishableKey: string; secretKey: string }

const demoProject = {
  name: 'Demo app',
  redirectUrls: ['http://localhost:3000/auth/callback'],
  origins: ['http://localhost:3000'],
  afterSignInUrl: null,
  afterSignUpUrl: null,
}

/** On an empty database: an owner, a workspace and a project to try things with. What it returns is known to nobody else. */
export async function makeDemo(ctx: Context): Promise<Demo | undefined> {
  const email = 'owner@example.com'
  const password = randomToken(15)
  const hash = await hashPassword(ctx, password)
  return change.silent(
    ctx,
    system('first-start'),
    'later starts find people and make nothing',
    async (tx, record) => {
      if (!(await isUntouched(tx))) return undefined
      const user = await addUser(tx, record, { email, displayName: 'Demo Owner' })
      await addPassword(tx, user.id, hash)
      const organization = await foundOrganization(tx, record, user.id, { name: 'Demonstration' })
      const owner = { organizationId: organization.id, userId: user.id }
      const { project, secretKey } = await addProject(tx, record, owner, demoProject)
      return { email, password, publishableKey: project.row.publishable_key, secretKey }
    },
  )
}
