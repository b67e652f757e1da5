import { mkdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { build } from '../scripts/build.ts'
import { openBench } from './bench.ts'
import { rounded } from './figures.ts'
import { installReferences } from './install.ts'
import { chooseGenerator } from './load/load.ts'
import { machineFacts, shownFacts } from './machine.ts'
import { measurements } from './measurements.ts'
import { type Measured, markdown } from './report.ts'
import { full, quick } from './sizes.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, profile: { type: 'boolean', default: false } },
})
const needsReferences = new Set(['P1', 'P5'])
const say = (text: string) => void process.stdout.write(`${text}\n`)

const chosen = measurements.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
const unknown = positionals.filter((given) => !measurements.some(({ name }) => name === given))
if (unknown.length > 0) {
  process.stderr.write(
    `bench: ${unknown.join(', ')} is none of ${measurements.map(({ name }) => name).join(', ')}\n`,
  )
  process.exit(2)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

await build()
if (chosen.some(({ name }) => needsReferences.has(name))) installReferences()
const bench = await openBench({
  sizes: values.quick ? quick : full,
  profiles: values.profile,
  generator: await chooseGenerator(),
})
try {
  const command = [
    'npm run bench',
    ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : []),
  ].join(' ')
  const facts = await machineFacts(bench)
  const heading = shownFacts(facts, command)
  say(heading)
  const measured: Measured[] = []
  for (const { name, work, measure } of chosen) {
    const begunAt = performance.now()
    try {
      const result = await measure(bench)
      measured.push({ name, work, ...result, seconds: Math.round((performance.now() - begunAt) / 1_000) })
    } catch (error) {
      process.exitCode = 1
      measured.push({ name, work, figures: [{ what: 'failed', behind: String(error) }], seconds: 0 })
      process.stderr.write(`${name}: ${error instanceof Error ? error.stack : error}\n`)
    }
    await bench.endMeasurement()
    say(`${name} took ${measured.at(-1)?.seconds} s`)
  }
  const loadAfter = loadavg().map((value) => rounded(value))
  const directory = path.join(import.meta.dirname, 'results')
  mkdirSync(directory, { recursive: true })
  const file = path.join(directory, `${facts.date.replaceAll(':', '-')}.json`)
  writeFileSync(file, JSON.stringify({ command, ...facts, loadAfter, measured }, null, 2))
  say(
    `\n${heading}, after ${loadAfter.join(' ')}\n\n${markdown(measured)}\n\n${path.relative(process.cwd(), file)}`,
  )
} finally {
  await bench.close()
}
