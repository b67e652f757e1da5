import { system } from '../actors.ts'
import type { Context } from '../context.ts'
import { grantRole } from '../features/members/grant-role.ts'
import { findOpenOrganization } from '../features/organizations/organizations.ts'
import { grantPlatform } from '../features/platform/platform-admins.ts'
import { disableUser, enableUser } from '../features/platform/users.ts'
import { EmailAddress } from '../features/users/email.ts'
import { findAccountByEmail } from '../features/users/users.ts'
import { type Role, roles } from '../roles.ts'
import { type Command, type Invocation, UsageError } from './command.ts'
import { withContext } from './with-database.ts'

const operator = system('command line')
const nobody = 'Nobody has this e-mail address here.'
const unverified =
  'Warning: nobody has verified this e-mail address. Make sure that the account belongs to whom you mean.'

type Account = NonNullable<Awaited<ReturnType<typeof findAccountByEmail>>>
type Told = [exitCode: number, text: string, facts: object]
type Verb = {
  words: number
  advice: string
  run: (ctx: Context, account: Account, words: string[]) => Promise<Told>
}

const verbs: Record<string, Verb> = {
  grant: {
    words: 2,
    advice: `an e-mail address, an organization and a role (${roles.join(', ')})`,
    async run(ctx, { id }, [reference = '', role = '']) {
      const organization = await findOpenOrganization(ctx, reference)
      if (!organization) return [1, 'There is no such organization.', { granted: false }]
      const grant = { organizationId: organization.id, userId: id, role: role as Role }
      const isNew = await grantRole(ctx, operator, grant)
      const text = isNew
        ? `This person is ${role} of ${organization.slug} from now on.`
        : `This person was ${role} already.`
      return [0, text, { granted: true, ...grant }]
    },
  },
  'grant-platform': {
    words: 0,
    advice: 'an e-mail address',
    async run(ctx, { id, email_verified_at }) {
      const isNew = await grantPlatform(ctx, operator, id)
      const done = isNew
        ? 'This person is a platform admin from now on, in sessions with a second factor (TOTP or a passkey).'
        : 'This person was a platform admin already.'
      const isVerified = email_verified_at !== null
      const text = [done, ...(isVerified ? [] : [unverified])].join('\n')
      return [0, text, { granted: true, userId: id, emailVerified: isVerified }]
    },
  },
  disable: {
    words: 0,
    advice: 'an e-mail address',
    async run(ctx, { id }) {
      await disableUser(ctx, operator, id)
      return [
        0,
        'This person signs in no more; all their sessions have ended.',
        { disabled: true, userId: id },
      ]
    },
  },
  enable: {
    words: 0,
    advice: 'an e-mail address',
    async run(ctx, { id }) {
      await enableUser(ctx, operator, id)
      return [0, 'This person may sign in.', { disabled: false, userId: id }]
    },
  },
}

async function act(ctx: Context, verb: Verb, address: string, words: string[]): Promise<Told> {
  const email = EmailAddress.safeParse(address)
  const account = email.success ? await findAccountByEmail(ctx, email.data) : undefined
  return account ? verb.run(ctx, account, words) : [1, nobody, { found: false }]
}

export const admin: Command = {
  summary: 'to whom? grant <email> <org> <role>; grant-platform, disable or enable <email>',
  usage: 'admin grant | grant-platform | disable | enable',
  run: async ({ config, words: [name = '', address, ...more], say }: Invocation) => {
    const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined
    if (!verb) throw new UsageError(`say ${Object.keys(verbs).join(', ')}, and to whom`)
    const isRole = name !== 'grant' || (roles as string[]).includes(more[1] ?? '')
    if (address === undefined || more.length !== verb.words || !isRole)
      throw new UsageError(`say ${name} and ${verb.advice}`)
    return withContext(config, async (ctx) => {
      const [exitCode, text, facts] = await act(ctx, verb, address, more)
      say(text, facts)
      return exitCode
    })
  },
}
