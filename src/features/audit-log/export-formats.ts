import { csvHeader, csvRow } from './csv.ts'
import { type ShownEntry, shownAuditRow } from './schemas.ts'
import type { AuditRow } from './search-queries.ts'

export type ExportFormat = 'ndjson' | 'csv'

export const contentTypes: Record<ExportFormat, string> = {
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
}

const lines: Record<ExportFormat, { header: string; line: (entry: ShownEntry) => string }> = {
  ndjson: { header: '', line: (entry) => `${JSON.stringify(entry)}\n` },
  csv: { header: csvHeader(), line: csvRow },
}

/** What a file of this format holds, batch by batch. */
export async function* textsOf(format: ExportFormat, batches: AsyncGenerator<AuditRow[]>) {
  const { header, line } = lines[format]
  if (header !== '') yield header
  for await (const rows of batches) yield rows.map((row) => line(shownAuditRow(row))).join('')
}
