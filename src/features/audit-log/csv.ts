import type { ShownEntry } from './schemas.ts'

const columns: Record<string, (entry: ShownEntry) => unknown> = {
  sequence: ({ sequence }) => sequence,
  id: ({ id }) => id,
  occurredAt: ({ occurredAt }) => occurredAt,
  action: ({ action }) => action,
  actorKind: ({ actor }) => actor.kind,
  actorId: ({ actor }) => actor.id,
  targetId: ({ targetId }) => targetId,
  requestId: ({ requestId }) => requestId,
  address: ({ details }) => details?.address,
  userAgent: ({ details }) => details?.userAgent,
  changes: ({ changes }) => changes,
  details: ({ details }) => details,
  hash: ({ hash }) => hash,
}

export const csvHeader = (): string => csvLine(Object.keys(columns))

export const csvRow = (entry: ShownEntry): string =>
  csvLine(Object.values(columns).map((valueIn) => textOf(valueIn(entry))))

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** A record of RFC 4180 that no spreadsheet calculates. */
export const csvLine = (texts: string[]): string =>
  `${texts.map((text) => quoted(harmless(text))).join(',')}\r\n`

const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

// Where a spreadsheet takes semicolons for separators, as half of Europe's do, a field begins behind each of them too.
const formula = /^[=+\-@\t\r\n＝＋－＠]|(?<=[;\t]\s*)[=+\-@＝＋－＠]/g

/** What begins so is a formula; behind an apostrophe it is shown. */
const harmless = (text: string) => text.replace(formula, "'$&")
