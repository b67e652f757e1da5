import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { startIdentityProvider } from '../test/support/identity-provider/identity-provider.ts'

const main = path.join(import.meta.dirname, '..', 'dist', 'main.js')
const { env } = process
const base = env.PUBLIC_BASE_URL || `http://127.0.0.1:${env.PORT || 4080}`

const people = [
  {
    sub: 'ada',
    email: 'ada@example.com',
    emailVerified: true,
    name: 'Ada Lovelace',
    groups: ['SEQN-A'],
    amr: ['pwd', 'mfa'],
  },
  { sub: 'grace', email: 'grace@example.com', emailVerified: true, name: 'Grace Hopper' },
]

const say = (text: string) => void process.stdout.write(`${text}\n`)

const provider = await startIdentityProvider({
  redirectUris: [`${base}/auth/callback`],
  postLogoutRedirectUris: [`${base}/sign-out`],
  backchannelLogoutUri: `${base}/auth/backchannel-logout`,
  port: Number(env.OIDC_PORT || 4090),
  people,
})

say(`
Stand-in identity provider: ${provider.issuer}

  Sign in        ${base}/auth/login
  Platform admin ada@example.com, any password (in ${people[0]?.groups}, with a second factor)
  Customer       grace@example.com, any password

Ctrl-C stops the service and the provider.
`)

const service = spawn(process.execPath, ['--env-file-if-exists=.env', main], {
  stdio: 'inherit',
  // Ctrl-C would reach it twice, and a second signal ends it before it has finished.
  detached: true,
  env: {
    ...env,
    OIDC_ISSUER: provider.issuer,
    OIDC_CLIENT_ID: provider.clientId,
    OIDC_CLIENT_SECRET: provider.clientSecret,
    AUTH_METHODS: env.AUTH_METHODS || 'oidc,password',
  },
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => service.kill(signal))
const [code] = await once(service, 'exit')
await provider.stop()
process.exitCode = code ?? 1
