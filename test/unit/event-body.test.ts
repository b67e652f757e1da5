import { expect, it } from 'vitest'
import { eventBody } from '../../src/features/events/event-body.ts'

const row = (data: unknown) => ({
  id: 'evt_1',
  type: 'project.updated',
  occurred_at: new Date('2026-05-12T00:00:00Z'),
  sequence: 7,
  organization: { id: 'org_1', slug: 'seqn' },
  data,
})
const head = {
  id: 'evt_1',
  type: 'project.updated',
  timestamp: '2026-05-12T00:00:00.000Z',
  sequence: 7,
  organization: { id: 'org_1', slug: 'seqn' },
}
const text = (length: number) => 'x'.repeat(length)
const bodyOf = (data: unknown) => JSON.parse(eventBody(row(data)))
/** How long a name may be before the body has one byte too many. */
const room = 20_480 - Buffer.byteLength(eventBody(row({ id: 'app_1', name: '' })))

it('tells all of an event, to the letter and each time the same', () => {
  const data = { id: 'app_1', name: 'Ünïcode "quoted"', previous: { name: 'Before' } }
  expect(eventBody(row(data))).toBe(
    '{"id":"evt_1","type":"project.updated","timestamp":"2026-05-12T00:00:00.000Z","sequence":7,' +
      '"organization":{"id":"org_1","slug":"seqn"},' +
      '"data":{"id":"app_1","name":"Ünïcode \\"quoted\\"","previous":{"name":"Before"}}}',
  )
  expect(eventBody(row(data))).toBe(eventBody(row(structuredClone(data))))
})

it('tells everything up to 20 KiB, counted in bytes', () => {
  const data = { id: 'app_1', name: text(room) }
  expect(Buffer.byteLength(eventBody(row(data)))).toBe(20_480)
  expect(bodyOf(data)).toEqual({ ...head, data })
  expect(bodyOf({ ...data, name: `${data.name}x` })).toMatchObject({ truncated: true })
  expect(bodyOf({ ...data, name: 'é'.repeat(room / 2 + 1) })).toMatchObject({ truncated: true })
})

it('leaves out first what was before', () => {
  const data = { id: 'app_1', name: text(room) }
  expect(bodyOf({ ...data, previous: { name: 'y' } })).toEqual({ ...head, data })
  expect(bodyOf({ id: 'app_1', previous: { name: text(room) } })).toEqual({ ...head, data: { id: 'app_1' } })
})

it('leaves out then all but ids, and says so', () => {
  const data = {
    id: 'app_1',
    userId: 'usr_1',
    organizationId: null,
    paid: 'no id',
    Id: 5,
    hugeId: text(30_000),
    name: text(30_000),
    list: [text(30_000)],
    previous: { id: 'app_0' },
  }
  expect(bodyOf(data)).toEqual({ ...head, data: { id: 'app_1', userId: 'usr_1' }, truncated: true })
})

it('is never larger, whatever an event says', () => {
  const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`n${i}Id`, text(100)]))
  for (const data of [many, { id: text(30_000) }, [text(30_000)], { previous: many, ...many }])
    expect(Buffer.byteLength(eventBody(row(data)))).toBeLessThanOrEqual(20_480)
})
