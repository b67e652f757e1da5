import { expect, it } from 'vitest'
import { newId } from '../../src/lib/ids.ts'
import { urls } from '../../src/pages/urls.ts'
import { browserless } from '../support/browserless.ts'
import type { Answer } from '../support/http.ts'
import { startWorld } from '../support/world.ts'

const world = startWorld()

type Ids = { org: string; project: string; key: string }
type Build = (org: string, project: string, key: string) => string

// Every address of the console that names an organization, so that a new one is tested without a word.
const addresses = Object.entries(urls as unknown as Record<string, Build>).filter(([, build]) =>
  build('the-org', 'the-project', 'the-key').startsWith('/auth/console/the-org'),
)

const dumpOf = async (organizationId: string) =>
  world.sql(
    `select (select json_agg(p) from projects p where organization_id = $1) as projects,
       (select json_agg(k) from secret_keys k where organization_id = $1) as keys,
       (select audit_sequence from streams where id = $1) as audit`,
    [organizationId],
  )

it('finds the addresses of the console', () => {
  expect(addresses.length).toBeGreaterThan(8)
})

it.each(addresses)(
  '%s answers for another tenant as for nobody, and changes nothing',
  async (_name, build) => {
    const [mine, theirs] = [await world.organization(), await world.organization()]
    const [ownProject, project] = [await world.project(mine), await world.project(theirs)]
    const { body } = await theirs.owner.get(`/v1/orgs/${theirs.id}/projects/${project.id}`)
    const foreign = { org: theirs.id, project: project.id, key: body.secretKeys[0].id }
    const unknown = { org: newId('org'), project: newId('app'), key: newId('key') }
    const before = await dumpOf(theirs.id)
    const browser = browserless(world)
    browser.cookies.set('seqn_session', mine.owner.cookie)

    const within: ((ids: Ids) => string)[] = [
      ({ org, project, key }) => build(org, project, key),
      ({ project, key }) => build(mine.id, project, key),
      ({ key }) => build(mine.id, ownProject.id, key),
    ]
    for (const address of within.slice(0, build.length)) {
      for (const open of [
        (path: string) => browser.open(path),
        (path: string) => browser.post(path, { name: 'Taken', confirm: project.slug, overlap_seconds: '0' }),
      ]) {
        // The last parameter of an address of one's own may be no id at all; what is one's own then answers for itself.
        if (address(foreign) === address(unknown)) continue
        const [asForeign, asUnknown] = [await open(address(foreign)), await open(address(unknown))]
        expect(plain(asForeign, foreign)).toEqual(plain(asUnknown, unknown))
      }
    }
    expect(await dumpOf(theirs.id)).toEqual(before)
  },
)

/** An answer's words without what names the request, the time or the ids that were asked for. */
function plain({ status, headers, text }: Answer, ids: Ids) {
  const withoutIds = (words: string) =>
    Object.values(ids).reduce((rest, id) => rest.replaceAll(id, 'id'), words.replaceAll(/req_[\w-]+/g, 'req'))
  const words = text.replaceAll(/<time[\s\S]*?<\/time>/g, '').replaceAll(/<[^>]+>/g, '')
  return { status, location: withoutIds(headers.location ?? ''), text: withoutIds(words) }
}
