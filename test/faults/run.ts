import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { parseArgs } from 'node:util'

// `npm run test:faults -- --seed 7 --rounds 200 postgres`: the long runs, of all files or of those that are named.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, rounds: { type: 'string', default: '200' } },
})
const seed = values.seed ?? String(Date.now() % 1_000_000_000)
const repeat = ['npm run test:faults --', `--seed ${seed}`, `--rounds ${values.rounds}`, ...positionals]
process.stdout.write(`To have this run again: ${repeat.join(' ')}\n`)

const files = positionals.length > 0 ? positionals.map((name) => `test/faults/${name}`) : ['test/faults']
const { status } = spawnSync('vitest', ['run', '--project', 'whole', '--maxWorkers', '1', ...files], {
  cwd: path.join(import.meta.dirname, '..', '..'),
  stdio: 'inherit',
  env: { ...process.env, FAULTS_SEED: seed, FAULTS_ROUNDS: values.rounds },
})
process.stdout.write(`The seed was ${seed}.\n`)
process.exitCode = status ?? 1
