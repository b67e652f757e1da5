import { createHash, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { plainEnvironment, start } from './spawned.ts'
import { tool } from './tools.ts'

/** A real Caddy before servers of this machine, with certificates of an authority that it makes for itself. */
export async function startCaddy({ port, sites }: { port: number; sites: Record<string, number> }) {
  const home = await mkdtemp(path.join(tmpdir(), 'silver-caddy-'))
  const file = path.join(home, 'Caddyfile')
  await writeFile(file, caddyfile(home, port, sites))
  const words = ['run', '--config', file, '--adapter', 'caddyfile']
  const caddy = start(tool('caddy') ?? 'caddy', words, { env: plainEnvironment({ HOME: home }), cwd: home })
  for (const host of Object.keys(sites))
    await caddy.until(new RegExp(`"certificate obtained successfully","identifier":"${host}"`))
  const authority = path.join(home, 'pki/authorities/local')
  const signer = new X509Certificate(await readFile(path.join(authority, 'intermediate.crt')))
  const publicKey = signer.publicKey.export({ type: 'spki', format: 'der' })
  return {
    rootCertificate: path.join(authority, 'root.crt'),
    /** What Chromium calls a certificate's SPKI fingerprint: of the one that signs the sites' certificates. */
    fingerprint: createHash('sha256').update(publicKey).digest('base64'),
    async stop() {
      caddy.child.kill('SIGTERM')
      await caddy.exited
      await rm(home, { recursive: true, force: true })
    },
  }
}

const caddyfile = (home: string, port: number, sites: Record<string, number>) => `{
	admin off
	skip_install_trust
	auto_https disable_redirects
	storage file_system ${home}
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
