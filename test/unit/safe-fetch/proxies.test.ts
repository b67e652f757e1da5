import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { answering, startReceiver } from '../../support/raw-receiver.ts'

const source = path.join(import.meta.dirname, '../../../src/lib/safe-fetch/post-safely.ts')
const run = promisify(execFile)

it('asks no proxy of the environment, where fetch does', async () => {
  const proxy = await startReceiver(answering('HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\n\r\n'))
  const receiver = await startReceiver(answering('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nreceiver'))
  const script = `
    import { postSafely } from ${JSON.stringify(source)}
    const posted = await postSafely({
      url: '${receiver.url}', headers: {}, body: '{}', totalMs: 15_000, readBytes: 65_536, keepBytes: 2_048,
      rules: { allowInsecure: true, allowPrivateAddresses: true },
    })
    const fetched = await fetch('${receiver.url}').then((answer) => answer.text(), () => 'proxy')
    console.log(posted.kept, fetched)`
  const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy']
  const env = { NODE_USE_ENV_PROXY: '1', ...Object.fromEntries(names.map((name) => [name, proxy.url])) }
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { env })
  expect(stdout.trim()).toBe('receiver proxy')
  expect([receiver.seen.connections, proxy.seen.connections]).toEqual([1, 1])
  await proxy.close()
  await receiver.close()
})
