import { createHash, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import tls from 'node:tls'
import { vi } from 'vitest'
import { type Call, call } from './http.ts'
import { freePort, plainEnvironment, projectRoot, start } from './spawned.ts'
import { tool } from './tools.ts'

export const caddyfile = path.join(projectRoot, 'Caddyfile')

/** A real Caddy before servers of this machine, with certificates of an authority that it makes for itself. */
export async function startCaddy({ port, sites }: { port: number; sites: Record<string, number> }) {
  const home = await mkdtemp(path.join(tmpdir(), 'silver-caddy-'))
  const file = path.join(home, 'Caddyfile')
  await writeFile(file, sitesFile(port, sites))
  return launch({ home, file, port, hosts: Object.keys(sites) })
}

/** The same with the repository's Caddyfile, its placeholders set for this machine. */
export async function startOwnCaddy({
  host,
  port,
  upstreams,
}: {
  host: string
  port: number
  upstreams: readonly number[]
}) {
  const home = await mkdtemp(path.join(tmpdir(), 'silver-caddy-'))
  const httpPort = await freePort()
  const environment = {
    ACCOUNTS_HOST: host,
    CADDY_TLS: 'internal',
    CADDY_ADMIN: `127.0.0.1:${await freePort()}`,
    HTTP_PORT: String(httpPort),
    HTTPS_PORT: String(port),
    SILVER_AUTH_UPSTREAMS: upstreams.map((upstream) => `127.0.0.1:${upstream}`).join(' '),
  }
  const caddy = await launch({ home, file: caddyfile, port, hosts: [host], environment })
  const ca = await readFile(caddy.rootCertificate)
  return {
    ...caddy,
    httpPort,
    admin: environment.CADDY_ADMIN,
    /** One request to the site over TLS, with exactly these headers. */
    ask: (request: Call) =>
      call(
        port,
        { ...request, headers: { host: `${host}:${port}`, ...request.headers } },
        { ca, servername: host },
      ),
  }
}

type Launch = {
  home: string
  file: string
  port: number
  hosts: readonly string[]
  environment?: Record<string, string>
}

async function launch({ home, file, port, hosts, environment }: Launch) {
  const env = plainEnvironment({ ...environment, HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home })
  const words = ['run', '--config', file, '--adapter', 'caddyfile']
  const caddy = start(tool('caddy') ?? 'caddy', words, { env, cwd: home })
  for (const host of hosts) {
    await caddy.until(new RegExp(`"certificate obtained successfully","identifier":"${host}"`))
    // It says so a moment before it uses the certificate.
    await vi.waitUntil(() => shakesHands(port, host), { timeout: 10_000 })
  }
  const authority = path.join(home, 'caddy/pki/authorities/local')
  const signer = new X509Certificate(await readFile(path.join(authority, 'intermediate.crt')))
  const publicKey = signer.publicKey.export({ type: 'spki', format: 'der' })
  return {
    rootCertificate: path.join(authority, 'root.crt'),
    /** What Chromium calls a certificate's SPKI fingerprint: of the one that signs the sites' certificates. */
    fingerprint: createHash('sha256').update(publicKey).digest('base64'),
    /** All that it logged so far. */
    output: caddy.output,
    until: caddy.until,
    async stop() {
      caddy.child.kill('SIGTERM')
      await caddy.exited
      await rm(home, { recursive: true, force: true })
    },
  }
}

const shakesHands = (port: number, servername: string) =>
  new Promise<boolean>((resolve) => {
    const socket = tls.connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false })
    const end = (isDone: boolean) => {
      socket.destroy()
      resolve(isDone)
    }
    socket.once('secureConnect', () => end(true)).once('error', () => end(false))
  })

const sitesFile = (port: number, sites: Record<string, number>) => `{
	admin off
	skip_install_trust
	auto_https disable_redirects
	grace_period 1s
	servers {
		protocols h1 h2
	}
}
${Object.entries(sites)
  .map(
    ([host, upstream]) => `https://${host}:${port} {
	bind 127.0.0.1
	tls internal
	reverse_proxy 127.0.0.1:${upstream}
}`,
  )
  .join('\n')}
`
