import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { plainEnvironment, projectRoot, run } from '../support/spawned.ts'

const bench = (...words: string[]) =>
  run(process.execPath, ['bench/main.ts', ...words], { cwd: projectRoot, env: plainEnvironment() })

const columns = (line: string) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())

it('compares the service with its reference and tells what it found', async () => {
  const { code, output } = await bench('--quick', 'P4')
  const file = /^bench\/results\/.*\.json$/m.exec(output)?.[0]
  if (file) onTestFinished(() => rm(path.join(projectRoot, file)))
  expect(output, `exit code ${code}`).toContain('P4 took')
  expect(code).toBe(0)

  const [header = [], , ...rows] = output
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map(columns)
  expect(header).toEqual(['#', 'Work', 'Figure', 'Value', 'Goal', 'Reached', 'Behind it'])
  const work = '`GET /v1/client/config`, warm; with If-None-Match'
  const ratio = expect.stringMatching(/^[\d.]+ ×$/)
  const isReached = expect.stringMatching(/^(yes|\*\*no\*\*)$/)
  const behind = expect.stringMatching(/^[\d.,]+ \/ [\d.,]+ per second/)
  expect(rows).toEqual([
    ['P4', work, 'requests per second: ours / bare', ratio, '≥ 0.65 ×', isReached, behind],
    ['', '', 'requests per second: ours, not modified / bare', ratio, '≥ 0.77 ×', isReached, behind],
    ['', '', 'unexpected answers', '0', '≤ 0', 'yes', ''],
  ])

  const written = JSON.parse(await readFile(path.join(projectRoot, file ?? ''), 'utf8'))
  expect(written).toMatchObject({
    command: 'npm run bench -- --quick P4',
    node: process.version,
    postgres: expect.stringMatching(/^\d+\.\d+/),
    generator: expect.stringMatching(/^(wrk|autocannon)$/),
  })
  for (const slices of Object.values(written.measured[0].raw) as { requests: number; refused: number }[][]) {
    expect(slices).toHaveLength(2)
    for (const slice of slices) expect([slice.requests > 0, slice.refused]).toEqual([true, 0])
  }
})

it('knows its measurements by name', async () => {
  const { code, output } = await bench('P99')
  expect(code).toBe(2)
  expect(output).toBe(
    'bench: P99 is none of P1, P2, P3, P4, P5, P5b, P6, P7, P7b, P7c, P8, P9, P10, P11, P11b, P11c, P12\n',
  )
})
