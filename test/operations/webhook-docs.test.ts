import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { verifyWebhook } from '../../packages/seqn-auth-js/src/webhooks.ts'
import { build } from '../../scripts/build.ts'
import { eventTypes } from '../../src/features/webhooks/event-types.ts'
import { newWebhookSecret, webhookHeaders } from '../../src/lib/standard-webhooks.ts'
import { codeBlocks } from '../support/code-blocks.ts'
import { startWebhookReceiver } from '../support/receiver.ts'
import { freePort, plainEnvironment, projectRoot, run, start } from '../support/spawned.ts'
import { startWorld } from '../support/world.ts'

const page = 'docs/webhooks.md'
const [signUp = ''] = await codeBlocks('README.md', { below: '## Use' })
const commands = await codeBlocks(page)
const world = startWorld({ environment: { RATE_LIMIT_ROUTES: '*=1000000' } })

let directory: string
let receiver: Awaited<ReturnType<typeof startWebhookReceiver>>
/** What stands for something in the page, and what that is here. */
const meant: Record<string, string> = {}

beforeAll(async () => {
  await build()
  directory = await mkdtemp(path.join(tmpdir(), 'silver-webhooks-'))
  // Any status that is no success ends a command, and with it the test.
  await writeFile(path.join(directory, '.curlrc'), 'fail-with-body\nsilent\nshow-error\n')
  receiver = await startWebhookReceiver()
  Object.assign(meant, {
    'http://127.0.0.1:4080': `http://127.0.0.1:${world.port}`,
    'https://app.example.com/webhooks': `${receiver.url}/webhooks`,
    'http://localhost:3000/webhooks': `${receiver.url}/local`,
    'npx silver-auth': `${process.execPath} ${path.join(projectRoot, 'dist/main.js')}`,
  })
})
afterAll(async () => {
  await receiver?.close()
  await rm(directory, { recursive: true, force: true })
})

const here = (text: string) =>
  Object.entries(meant).reduce((filled, [sign, value]) => filled.replaceAll(sign, value), text)

/** The one block that holds `part`, after the settings of those before it. */
function block(part: string): string {
  const at = commands.findIndex((text) => text.includes(part))
  expect(at, part).toBeGreaterThanOrEqual(0)
  const settings = commands.slice(0, at).flatMap((text) => text.match(/^[A-Z]+=\S+$/gm) ?? [])
  return here([...settings, commands[at]].join('\n'))
}

const where = () => ({ cwd: directory, env: plainEnvironment({ CURL_HOME: directory }) })

async function shell(script: string): Promise<string> {
  const { code, output } = await run('sh', ['-ec', script], where())
  expect(code, `${script}\n${output}`).toBe(0)
  return output
}

describe('the commands of docs/webhooks.md', () => {
  it('add an endpoint', async () => {
    meant['sk_live_…'] = /"secretKey":"([^"]+)"/.exec(await shell(here(signUp)))?.[1] ?? ''
    const { endpoint, secret } = JSON.parse(await shell(block('"eventTypes"')))
    expect(endpoint.url).toBe(`${receiver.url}/webhooks`)
    Object.assign(meant, { 'whe_…': endpoint.id, 'whsec_…': secret })
  })

  it('send a test, show its delivery and attempt it again', async () => {
    const { deliveryId } = JSON.parse(await shell(block('/test ')))
    meant['dlv_…'] = deliveryId
    const { data } = JSON.parse(await shell(block('webhook-deliveries?')))
    expect(data[0]).toMatchObject({ id: deliveryId, eventType: 'webhook.test' })
    expect(await shell(block('/retry '))).toContain(deliveryId)
  })

  it('replay what failed', async () => {
    expect(JSON.parse(await shell(block('/replay ')))).toEqual({ count: 0 })
  })

  it('rotate the secret, and pull', async () => {
    const { secret } = JSON.parse(await shell(block('/rotate-secret ')))
    expect(secret).toMatch(/^whsec_/)
    expect(secret).not.toBe(meant['whsec_…'])
    const { data } = JSON.parse(await shell(block('/v1/backend/events')))
    expect(data[0]).toMatchObject({ sequence: 1 })
    expect(data.at(-1)).toMatchObject({ type: 'webhook_endpoint.secret_rotated', sequence: data.length })
  })

  it('bring events to a receiver on this machine, to the byte as they are pulled', async () => {
    const listening = start('sh', ['-ec', block('silver-auth listen')], where())
    const [, secret = ''] = await listening.until(/^SEQN_AUTH_WEBHOOK_SECRET=(\S+)$/m)
    await shell(block('/v1/orgs/ada/webhook-endpoints/$ENDPOINT/rotate-secret').replace('86400', '0'))
    await listening.until(/webhook_endpoint\.secret_rotated {2}evt_\S+ {2}204 /)
    process.kill(-(listening.child.pid ?? 0), 'SIGINT')
    await listening.exited
    const requests = receiver.requests.filter(({ path }) => path === '/local')
    expect(requests).toHaveLength(1)
    const [{ body = '', headers = {} } = {}] = requests
    await verifyWebhook(body, headers, secret)
    expect(await shell(block('/v1/backend/events'))).toContain(`${body}]`)
  })
})

it('computes a signature by hand', async () => {
  const secret = newWebhookSecret()
  const body = JSON.stringify({ name: 'Größe – 尺寸' })
  await writeFile(path.join(directory, 'body.json'), body)
  Object.assign(meant, { 'whsec_…': secret, 'evt_…': 'evt_1' })
  const sentAt = new Date(1_778_544_000_000)
  const signature = webhookHeaders({ id: 'evt_1', sentAt, body }, [secret])['webhook-signature']
  expect((await shell(block('openssl dgst'))).trim()).toBe(signature)
})

it('receives with the Express app of the page', async () => {
  const [code = ''] = await codeBlocks(page, { language: 'js' })
  await run('npm', ['run', '--silent', 'build', '--prefix', 'packages/seqn-auth-js'], { cwd: projectRoot })
  const port = await freePort()
  const secret = newWebhookSecret()
  const app = start(process.execPath, ['--input-type=module', '--eval', code.replace('3000', String(port))], {
    cwd: projectRoot,
    env: plainEnvironment({ SEQN_AUTH_WEBHOOK_SECRET: secret }),
  })
  onTestFinished(() => void app.child.kill())
  const body = JSON.stringify({ id: 'evt_1', type: 'project.created', sequence: 7 })
  const headers = webhookHeaders({ id: 'evt_1', sentAt: new Date(), body }, [secret])
  const deliver = (more: object) =>
    fetch(`http://127.0.0.1:${port}/webhooks`, { method: 'POST', body, headers, ...more })
  await expect
    .poll(
      () =>
        deliver({}).then(
          ({ status }) => status,
          () => 0,
        ),
      { timeout: 20_000 },
    )
    .toBe(204)
  await app.until(/^7 project\.created evt_1$/m)
  expect((await deliver({ body: `${body} ` })).status).toBe(400)
})

it('names every type of event', async () => {
  const text = await readFile(path.join(projectRoot, page), 'utf8')
  expect([...eventTypes, 'webhook.test'].filter((type) => !text.includes(`\`${type}\``))).toEqual([])
})
