/** The records of a text as RFC 4180 has them, read as strictly as a parser may. */
export function parseCsv(text: string): string[][] {
  const records: string[][] = []
  let rest = text
  while (rest !== '') {
    const record: string[] = []
    for (let separator = ','; separator === ','; ) {
      const field = /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/.exec(rest)
      if (!field) throw new Error(`no field of RFC 4180: ${JSON.stringify(rest.slice(0, 80))}`)
      record.push(field[1]?.replaceAll('""', '"') ?? field[2] ?? '')
      separator = field[3] ?? ''
      rest = rest.slice(field[0].length)
    }
    records.push(record)
  }
  return records
}
