import { describe, expect, it } from 'vitest'
import { expectRefusal } from '../../support/shapes.ts'
import { endpointsPath, makeEndpoint } from '../../support/webhook-endpoints.ts'
import { startWorld } from '../../support/world.ts'

const refused = [{ path: 'url', message: 'address not allowed' }]

describe('as in production', () => {
  const environment = { WEBHOOK_ALLOW_INSECURE: 'off', WEBHOOK_ALLOW_PRIVATE_ADDRESSES: 'off' }
  const world = startWorld({ environment })
  const outside = 'https://93.184.216.34'

  it.each([
    'http://93.184.216.34/',
    `${outside}:80/`,
    `${outside}:22/`,
    `${outside}:1023/`,
    'https://user@93.184.216.34/',
    'https://:word@93.184.216.34/',
    'ftp://93.184.216.34/',
    'not a URL',
    '',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://169.254.169.254/latest/meta-data',
    'https://168.63.129.16/',
    'https://100.64.0.1/',
    'https://192.168.1.1:8443/',
    'https://localhost/',
    'https://printer/',
    `${outside}/${'a'.repeat(2_048)}`,
  ])('says of %s that the address is not allowed, and nothing else, on save and on change', async (url) => {
    const organization = await world.organization()
    const create = (url: string) =>
      organization.owner.post(endpointsPath(organization), { url, eventTypes: ['*'] })
    expectRefusal(await create(url), 'invalid_input', refused)
    const { path, shown } = await makeEndpoint(organization, { url: `${outside}/` })
    expectRefusal(await organization.owner.patch(path, { url }), 'invalid_input', refused)
    expect((await organization.owner.get(path)).body).toEqual(shown)
    expect(world.logLines.filter((line) => line.includes('"reason"'))).toHaveLength(2)
  })

  it.each(['/hook?a=b', ':443/', ':8443/', ':1024/', ':65535/'])('takes %s of a public one', async (rest) => {
    const { shown } = await makeEndpoint(await world.organization(), { url: outside + rest })
    expect(shown.url).toBe(outside + rest)
  })
})

describe('as in development', () => {
  const world = startWorld()

  it.each(['http://127.0.0.1:4000/hook', 'http://localhost/', 'http://nobody.example/', 'https://10.0.0.1/'])(
    'takes %s',
    async (url) => {
      expect((await makeEndpoint(await world.organization(), { url })).shown.url).toBe(url)
    },
  )

  it.each(['ftp://127.0.0.1/', 'http://user:word@127.0.0.1/', 'http://127.0.0.1:22/', 'http://a\\b/'])(
    'refuses %s all the same',
    async (url) => {
      const { id, owner } = await world.organization()
      const answer = await owner.post(endpointsPath({ id }), { url, eventTypes: ['*'] })
      expectRefusal(answer, 'invalid_input', refused)
    },
  )
})
