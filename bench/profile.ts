import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

type Node = { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }
type Profile = { nodes: Node[]; samples: number[]; timeDeltas: number[] }

const most = 45

/** Prints where the time of a process went that ran with `--cpu-prof`: the functions that were at work themselves, longest first. */
export async function reportProfile(directory: string): Promise<void> {
  for (const file of await readdir(directory).catch(() => [])) {
    const profile: Profile = JSON.parse(await readFile(path.join(directory, file), 'utf8'))
    process.stdout.write(`\n${file}\n${selfTimes(profile).slice(0, most).join('\n')}\n`)
  }
}

function selfTimes({ nodes, samples, timeDeltas }: Profile): string[] {
  const nameOf = new Map(nodes.map(({ id, callFrame }) => [id, shown(callFrame)]))
  const times = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const name = nameOf.get(id) ?? ''
    if (name !== '(idle)') times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0))
  }
  const all = [...times.values()].reduce((sum, time) => sum + time, 0)
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .map(([name, time]) => `${((100 * time) / all).toFixed(1).padStart(5)} %  ${name}`)
}

function shown({ functionName, url, lineNumber }: Node['callFrame']): string {
  const place = url.replace(/^.*\/(node_modules|dist)\//, '').replace(/^file:\/\//, '')
  return place ? `${functionName || '(anonymous)'}  ${place}:${lineNumber + 1}` : functionName
}
