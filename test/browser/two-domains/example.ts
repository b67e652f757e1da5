import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { plainEnvironment, projectRoot, type Spawned, start } from '../../support/spawned.ts'
import { type AppProject, appHost, type TwoDomains } from './harness.ts'

const resolver = pathToFileURL(path.join(projectRoot, 'test/support/resolve-test-names.mjs')).href

/** An example as its README starts it, at https://app.customer.test. */
export async function startExample(site: TwoDomains, name: string, project: AppProject) {
  const environment = plainEnvironment({
    PORT: String(site.ports[appHost]),
    APP_URL: site.originOf(appHost),
    SEQN_AUTH_BASE_URL: site.accounts,
    SEQN_AUTH_PUBLISHABLE_KEY: project.publishableKey,
    SEQN_AUTH_SECRET_KEY: project.secretKey,
    NODE_EXTRA_CA_CERTS: site.rootCertificate,
    NODE_OPTIONS: `--import=${resolver}`,
  })
  const cwd = path.join(projectRoot, 'examples', name)
  const example = start('npm', ['start', '--silent'], { cwd, env: environment })
  await example.until(/comes back to/)
  return { stop: () => stop(example) }
}

async function stop({ child, exited }: Spawned) {
  if (child.pid) process.kill(-child.pid)
  await exited
}
