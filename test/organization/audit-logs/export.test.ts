import http from 'node:http'
import { beforeAll, expect, it } from 'vitest'
import { listQueries } from '../../support/count-queries.ts'
import { parseCsv } from '../../support/csv.ts'
import { until } from '../../support/embedded-postgres.ts'
import { expectInvalid, expectRefusal, indistinct } from '../../support/shapes.ts'
import { tamper } from '../../support/tampering.ts'
import { type Organization, startWorld } from '../../support/world.ts'

const world = startWorld({ environment: { RATE_LIMIT_ROUTES: '*=1000000' } })
world.expectsBrokenChains = true

const pathOf = ({ id }: Organization, query = '') => `/v1/orgs/${id}/audit-logs/export${query}`
const many = 50_000
// What one query brings, of some 800 bytes each.
const batch = 250

/** One with a log of many entries. */
let large: Organization

beforeAll(async () => {
  const organization = await world.organization()
  await tamper(
    world.database.superuserUrl,
    `insert into audit_logs (stream_id, sequence, id, occurred_at, action, actor_kind, actor_id, target_id, request_id,
       details_mac, previous_hash, hash)
     select '${organization.id}', -n, 'aud_${organization.id}_' || n, date_trunc('milliseconds', now() - n * interval '1 minute'),
       'project.updated', 'user', 'usr_1', 'app_1', 'req_' || n, '', '', '' from generate_series(1, ${many}) n;
     insert into audit_details (audit_id, salt, details)
     select id, '', json_build_object('userAgent', repeat('x', 500)) from audit_logs
     where stream_id = '${organization.id}' and sequence < 0`,
  )
  large = organization
})

/** An export that is not read any further than its beginning. */
function begin({ owner }: Organization, path: string): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { cookie: `seqn_session=${owner.cookie}` }
    const request = http.get({ host: '127.0.0.1', port: world.port, path, headers }, (response) => {
      response.pause()
      resolve(response)
    })
    request.on('error', reject)
  })
}

const searches = (texts: string[]) => texts.filter((text) => text.includes('from unnest')).length

it('gives every entry as the list does, as JSON by line, and is an entry itself', async () => {
  const organization = await world.organization()
  await world.project(organization, { name: 'Größe – 尺寸\u202e' })
  const answer = await organization.owner.get(pathOf(organization, '?format=ndjson'))
  expect(answer.status).toBe(200)
  expect(answer.headers).toMatchObject({
    'content-type': 'application/x-ndjson; charset=utf-8',
    'content-disposition': expect.stringMatching(
      new RegExp(`^attachment; filename="audit-log-${organization.id}-\\d{4}-\\d\\d-\\d\\d\\.ndjson"$`),
    ),
    'cache-control': expect.stringContaining('no-store'),
  })
  const lines = answer.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const { data } = (await organization.owner.get(`/v1/orgs/${organization.id}/audit-logs?limit=100`)).body
  expect(lines).toEqual(data)
  expect(lines[0]).toMatchObject({
    action: 'audit.exported',
    actor: { kind: 'user', id: organization.owner.id },
    targetId: organization.id,
    requestId: answer.headers['x-request-id'],
    details: { format: 'ndjson', filters: {} },
  })
})

it('gives them as comma-separated values in which no text is a formula and none leaves its place', async () => {
  const organization = await world.organization()
  const hostile = '=HYPERLINK("https://evil.example","x"),\r\n-1'
  await organization.owner.post(
    `/v1/orgs/${organization.slug}/projects`,
    { name: "@SUM(1+1)*cmd|' /C calc'!A0" },
    {
      'user-agent': '=cmd|"/C calc",+1',
    },
  )
  await world.sql(`select append_to_stream($1, $2::json)`, [
    organization.id,
    JSON.stringify([
      {
        id: 'aud_hostile',
        action: hostile,
        actorKind: '+1',
        actorId: '\t=1',
        targetId: '-1',
        requestId: '@x',
        salt: '00',
        detailsMac: '00',
        details: JSON.stringify({ userAgent: hostile }),
        data: {},
      },
    ]),
  ])
  const answer = await organization.owner.get(`/v1/orgs/${organization.slug}/audit-logs/export?format=csv`)
  expect(answer.status).toBe(200)
  expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8; header=present')
  expect(answer.headers['content-disposition']).toContain(`"audit-log-${organization.slug}-`)
  expect(answer.headers['content-disposition']).toMatch(/\d\.csv"$/)
  const [header = [], ...records] = parseCsv(answer.text)
  expect(header.join()).toBe(
    'sequence,id,occurredAt,action,actorKind,actorId,targetId,requestId,address,userAgent,changes,details,hash',
  )
  expect(records.flat().filter((field) => /^[=+\-@\t\r]/.test(field))).toEqual([])
  const asObjects = records.map((record) => Object.fromEntries(header.map((name, at) => [name, record[at]])))
  expect(asObjects.find(({ id }) => id === 'aud_hostile')).toMatchObject({
    action: `'${hostile}`,
    actorKind: `'+1`,
    actorId: `'\t'=1`,
    targetId: `'-1`,
    requestId: `'@x`,
    userAgent: `'${hostile}`,
  })
  const created = asObjects.find(({ action }) => action === 'project.created')
  expect(created?.userAgent).toBe(`'=cmd|"/C calc",+1`)
  expect(JSON.parse(created?.details ?? '').data.name).toBe(`@SUM(1+1)*cmd|' /C calc'!A0`)
  const rows = await world.sql('select from audit_logs where stream_id = $1', [organization.id])
  expect(records).toHaveLength(rows.length)
})

it('holds to the filters, and says in its entry what they were', async () => {
  const organization = await world.organization()
  const { id } = await world.project(organization)
  const query = `?action=project.*&target=${id}&from=2020-01-01T00:00:00%2B01:00`
  const answer = await organization.owner.get(pathOf(organization, query))
  expect(answer.text.trimEnd().split('\n')).toHaveLength(1)
  expect(JSON.parse(answer.text)).toMatchObject({ action: 'project.created', targetId: id })
  const rows = await world.auditLog(organization.id)
  expect(JSON.parse(rows.at(-1)?.details ?? '')).toMatchObject({
    format: 'ndjson',
    filters: { action: 'project.*', target: id, from: '2019-12-31T23:00:00.000Z' },
  })
  const nothing = await organization.owner.get(pathOf(organization, '?action=nothing&format=ndjson'))
  expect({ status: nothing.status, text: nothing.text }).toEqual({ status: 200, text: '' })
  expectInvalid(await organization.owner.get(pathOf(organization, '?format=xml')), 'format')
  expectInvalid(await organization.owner.get(pathOf(organization, '?actor=a/b')), 'actor')
})

it('gives nothing of another organization, whose ids are as unknown ones', async () => {
  const [mine, theirs] = [await world.organization(), await world.organization()]
  const { id } = await world.project(theirs)
  const before = await world.auditLog(theirs.id)
  const unknown = await mine.owner.get(pathOf(mine, '?target=app_00000000000000000000000000'))
  for (const query of [`?target=${id}`, `?target=${theirs.id}`, `?actor=${theirs.owner.id}`])
    expect(indistinct(await mine.owner.get(pathOf(mine, query))), query).toEqual(indistinct(unknown))
  expect(await world.auditLog(theirs.id)).toEqual(before)
})

it('sends a long log no faster than its caller takes it, and all of it', async () => {
  let read = 0
  let asked = 0
  const texts = await listQueries(async () => {
    const response = await begin(large, pathOf(large, '?format=ndjson'))
    // What the system's buffers hold is sent, and then nothing is asked for any more, so nothing fills our memory either.
    const after = await listQueries(async () => {
      for (let before = -1; before !== response.socket.bytesRead; ) {
        before = response.socket.bytesRead
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    })
    asked = searches(after)
    for await (const chunk of response) {
      read += String(chunk).split('\n').length - 1
    }
  })
  expect(asked).toBeLessThan(many / batch / 2)
  expect(read).toBeGreaterThan(many)
  expect(searches(texts)).toBe(many / batch + 1)
})

it('stops where its caller goes away', async () => {
  const texts = await listQueries(async () => {
    const response = await begin(large, pathOf(large))
    response.on('error', () => undefined)
    response.destroy()
    await until(() =>
      world.logLines.some((line) => line.includes('audit-logs/export') && line.includes('isAborted')),
    )
    await large.owner.get(`/v1/orgs/${large.id}`)
  })
  expect(searches(texts)).toBeLessThan(many / batch / 2)
})

it('cuts the connection where the database fails in the middle', async () => {
  const response = await begin(large, pathOf(large))
  await world.sql('alter table audit_details rename to elsewhere')
  try {
    let last = ''
    const reading = async () => {
      for await (const chunk of response) last = String(chunk)
    }
    await expect(reading()).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(response.complete).toBe(false)
    expect(last).not.toBe('')
    expect(world.logLines.join('')).toContain('an answer was cut short')
  } finally {
    await world.sql('alter table elsewhere rename to audit_details')
  }
})

it('is refused as ever where the database fails before anything was sent', async () => {
  const organization = await world.organization()
  await world.sql('alter table audit_details rename column details to elsewhere')
  const answer = await organization.owner.get(pathOf(organization))
  await world.sql('alter table audit_details rename column elsewhere to details')
  world.logLines.length = 0
  expectRefusal(answer, 'internal_error')
  expect(answer.headers['content-disposition']).toBeUndefined()
})

it('is sent four times at once to one organization, and no more', async () => {
  const other = await world.organization()
  const four = await Promise.all([1, 2, 3, 4].map(() => begin(large, pathOf(large))))
  expectRefusal(await large.owner.get(pathOf(large)), 'rate_limited')
  expect((await other.owner.get(pathOf(other))).status).toBe(200)
  for (const response of four) {
    response.on('error', () => undefined)
    response.destroy()
  }
  await expect
    .poll(async () => (await large.owner.get(pathOf(large, '?action=nothing'))).status, {
      timeout: 10_000,
    })
    .toBe(200)
})

it('knows no HEAD', async () => {
  const { owner, id } = await world.organization()
  const before = await world.auditLog(id)
  expect((await owner.call({ method: 'HEAD', path: `/v1/orgs/${id}/audit-logs/export` })).status).toBe(405)
  expect(await world.auditLog(id)).toEqual(before)
})
