import { execFileSync } from 'node:child_process'
import { cpus, loadavg, totalmem } from 'node:os'
import { withClient } from '../src/db/postgres-roles.ts'
import type { Bench } from './bench.ts'
import { rounded } from './figures.ts'
import { load, rate } from './load/load.ts'
import { startReference } from './processes.ts'

/** What the figures of a run depend on besides the code. */
export async function machineFacts(bench: Bench) {
  const nothing = await startReference(bench, 'nothing.ts')
  const { port } = nothing
  const ceiling = await load(bench, { port, requests: [{ path: '/' }], seconds: bench.sizes.sliceSeconds })
  await nothing.stop()
  return {
    date: new Date().toISOString(),
    commit: commit(),
    cores: cpus().length,
    processor: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 1e9),
    loadBefore: loadavg().map((value) => rounded(value)),
    node: process.version,
    postgres: await withClient(bench.postgres.superuserUrl, async (client) => {
      const { rows } = await client.query('show server_version')
      return String(rows[0].server_version)
    }),
    generator: bench.generator.name,
    /** What the generator manages against a socket that answers without reading, in requests per second. */
    generatorCeiling: Math.round(rate(ceiling)),
  }
}

export type MachineFacts = Awaited<ReturnType<typeof machineFacts>>

export const shownFacts = (facts: MachineFacts, command: string) =>
  `${facts.date.slice(0, 16).replace('T', ' ')} UTC · ${facts.commit} · \`${command}\` · ${facts.cores} cores (${facts.processor}), ` +
  `${facts.memoryGb} GB, load before ${facts.loadBefore.join(' ')} · Node ${facts.node} · Postgres ${facts.postgres} · ` +
  `${facts.generator}, which alone manages ${facts.generatorCeiling.toLocaleString('en')} requests per second`

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim()
  } catch {
    return 'no commit'
  }
}
