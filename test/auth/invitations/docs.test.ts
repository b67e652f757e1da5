import { expect, it } from 'vitest'
import { codeBlocks } from '../../support/code-blocks.ts'
import { membersOf, tokenOf } from '../../support/invitations.ts'
import { plainEnvironment, run } from '../../support/spawned.ts'
import { startWorld } from '../../support/world.ts'

const world = startWorld()

it('invites and joins with the commands of the page', async () => {
  const organization = await world.organization()
  const [invite = '', join = ''] = await codeBlocks('docs/invitations.md')
  const env = {
    BASE_URL: `http://127.0.0.1:${world.port}`,
    ORG: organization.slug,
    ACCESS_TOKEN: organization.owner.accessToken,
  }
  const shell = async (script: string, more = {}) => {
    const environment = { env: plainEnvironment({ ...env, ...more }) }
    return (await run('sh', ['-ec', script.replaceAll('curl', 'curl -sSf')], environment)).output
  }
  const { url } = JSON.parse(await shell(invite))
  expect(JSON.parse(await shell(invite)).url, 'the page says that it can be asked for again').toBe(url)
  const output = await shell(join, { TOKEN: tokenOf(url) })
  expect(output).toContain('"status":"pending"')
  expect(output).toContain('"status":"success"')
  expect(await membersOf(world, organization)).toMatchObject({ 'grace@example.com': 'member' })
})
