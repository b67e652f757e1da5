import { afterAll, beforeAll, expect, it } from 'vitest'
import { refuseAddress } from '../../../src/lib/safe-fetch/judge-address.ts'
import { postSafely } from '../../../src/lib/safe-fetch/post-safely.ts'
import { startNameServer } from '../../support/name-server.ts'
import { privateSpellings } from '../../support/private-spellings.ts'
import { answering, startReceiver } from '../../support/raw-receiver.ts'

const fine = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'
const outside = '93.184.216.34'
const names: Record<string, string[]> = {
  'hooks.example.com': [outside, '2606:2800:21f::1'],
  'xn--bcher-kva.example.com': [outside],
  'private.example.com': ['127.0.0.1'],
  'private6.example.com': ['::1'],
  'mapped.example.com': ['::ffff:127.0.0.1'],
  'mixed.example.com': [outside, '127.0.0.1'],
  'mixed6.example.com': [outside, '::1'],
  'last-of-many.example.com': [...Array.from({ length: 20 }, (_, i) => `93.184.216.${i}`), '10.0.0.1'],
  '127.0.0.1.nip.example.com': ['127.0.0.1'],
  'empty.example.com': [],
}

let nameServer: Awaited<ReturnType<typeof startNameServer>>
let everywhere: Awaited<ReturnType<typeof startReceiver>>
beforeAll(async () => {
  nameServer = await startNameServer((name, before) => {
    if (name === 'turning.example.com') return before === 0 ? [outside] : ['127.0.0.1']
    if (name === 'broken.example.com') return 'SERVFAIL'
    if (name === 'silent.example.com') return 'silence'
    return names[name] ?? 'NXDOMAIN'
  })
  // On every address of this machine, of both families.
  everywhere = await startReceiver(answering(fine), { host: '::' })
})
afterAll(async () => {
  await everywhere.close()
  await nameServer.close()
})

const rules = () => ({
  allowInsecure: true,
  allowPrivateAddresses: false,
  nameServers: [nameServer.address],
})
const post = (url: string, more: object = {}) =>
  postSafely({
    url,
    headers: {},
    body: '{}',
    rules: rules(),
    totalMs: 15_000,
    readBytes: 65_536,
    keepBytes: 2_048,
    ...more,
  })

it('connects to no private address in any spelling, and has one word for all of them', async () => {
  const spellings = privateSpellings()
  expect(new Set(spellings).size).toBeGreaterThan(300)
  const urls = spellings.flatMap((host) => [
    `http://${host}:${everywhere.port}/hook`,
    `https://${host}:${everywhere.port}/hook`,
  ])
  const wrong: string[] = []
  for (const url of urls) {
    const posted = await post(url)
    if (posted.outcome !== 'failed' || posted.failure !== 'address_refused') wrong.push(url)
    if ((await refuseAddress(url, rules())) === undefined) wrong.push(`saved: ${url}`)
  }
  expect(wrong).toEqual([])
  expect(everywhere.seen.connections).toBe(0)
})

it('would have reached a listener by many of these spellings', async () => {
  const meant = /^(127\.0\.0\.1|\[::1\]|\[::ffff:7f00:1\]|localhost)$/
  const receiver = await startReceiver(answering(fine), { host: '::' })
  const open = { allowInsecure: true, allowPrivateAddresses: true }
  const urls = privateSpellings()
    .map((host) => `http://${host}:${receiver.port}/`)
    .filter((text) => {
      const url = URL.parse(text)
      return url?.port === String(receiver.port) && url.username === '' && meant.test(url.hostname)
    })
  for (const url of urls) expect(await post(url, { rules: open }), url).toMatchObject({ outcome: 'answered' })
  expect(urls.length).toBeGreaterThan(30)
  expect(receiver.seen.connections).toBe(urls.length)
  await receiver.close()
})

it.each(Object.keys(names).filter((name) => !/^(hooks|xn--)/.test(name)))(
  'refuses %s for what its name servers say, at save and at connect',
  async (name) => {
    const url = `http://${name}:${everywhere.port}/`
    expect(await refuseAddress(url, rules())).toEqual(expect.any(String))
    expect(await post(url)).toMatchObject({ outcome: 'failed', failure: 'address_refused' })
    expect(everywhere.seen.connections).toBe(0)
  },
)

it('gives a name that does not exist the same word as a private one', async () => {
  const url = `http://nobody.example.com:${everywhere.port}/`
  expect(await post(url)).toMatchObject({ outcome: 'failed', failure: 'address_refused' })
})

it('takes names whose addresses are all public, international ones too', async () => {
  for (const host of ['hooks.example.com', 'HOOKS.example.com', 'bücher.example.com', 'hooks.example。com'])
    expect(await refuseAddress(`https://${host}/hook?a=b`, rules()), host).toBe(undefined)
})

it('asks a name anew at each connection, and refuses it once it turned private', async () => {
  const url = `http://turning.example.com:${everywhere.port}/`
  expect(await refuseAddress(url, rules())).toBe(undefined)
  expect(await post(url)).toMatchObject({ outcome: 'failed', failure: 'address_refused' })
  expect(everywhere.seen.connections).toBe(0)
})

it('asks a name once for a request, so that nothing can change between check and connection', async () => {
  const receiver = await startReceiver(answering(fine))
  const before = nameServer.queries.length
  const url = `http://private.example.com:${receiver.port}/`
  const posted = await post(url, { rules: { ...rules(), allowPrivateAddresses: true } })
  expect(posted).toMatchObject({ outcome: 'answered', status: 200 })
  const asked = nameServer.queries.slice(before).sort()
  expect(asked).toEqual(['private.example.com A', 'private.example.com AAAA'])
  await receiver.close()
})

it('tells name servers in trouble from a refusal', async () => {
  const url = `http://broken.example.com:${everywhere.port}/`
  expect(await post(url)).toMatchObject({ outcome: 'failed', failure: 'name_unresolved' })
  expect(await refuseAddress(url, rules())).toEqual(expect.any(String))
})

it('counts the look-up into the total', async () => {
  const url = `http://silent.example.com:${everywhere.port}/`
  const posted = await post(url, { totalMs: 200 })
  expect(posted).toMatchObject({ outcome: 'failed', failure: 'timed_out' })
  expect(posted.latencyMs).toBeLessThan(1_400)
})

it.each([
  ['ftp://hooks.example.com/', 'its scheme is ftp:'],
  ['file:///etc/passwd', 'its scheme is file:'],
  ['hooks.example.com', 'not a plain URL'],
  ['', 'not a plain URL'],
  ['https://hooks.example.com:22/', 'its port is 22'],
  ['https://hooks.example.com:80/', 'its port is 80'],
  ['http://hooks.example.com:443/', 'its port is 443'],
  ['https://user@hooks.example.com/', 'it carries a user name or password'],
  ['https://:word@hooks.example.com/', 'it carries a user name or password'],
  ['https://hooks.example.com\\@127.0.0.1/', 'not a plain URL'],
  ['https://hooks.example.com/\n', 'not a plain URL'],
  ['https://hooks.exa\tmple.com/', 'not a plain URL'],
  ['https://hooks.example.com./', 'its name has an empty label'],
  [`https://hooks.example.com/${'a'.repeat(2_048)}`, 'not a plain URL'],
])('refuses %s', async (url, reason) => {
  expect(await refuseAddress(url, rules())).toBe(reason)
})

it('takes https on 443, 8443 and ports from 1024, and http only where it is allowed', async () => {
  const strict = { ...rules(), allowInsecure: false }
  for (const port of ['', ':443', ':8443', ':1024', ':65535'])
    expect(await refuseAddress(`https://hooks.example.com${port}/`, strict)).toBe(undefined)
  expect(await refuseAddress('http://hooks.example.com/', strict)).toBe('its scheme is http:')
  expect(await refuseAddress('http://hooks.example.com/', rules())).toBe(undefined)
})
