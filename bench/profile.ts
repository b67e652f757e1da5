import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

type Node = {
  id: number
  callFrame: { functionName: string; url: string; lineNumber: number }
  children?: number[]
}
type Profile = { nodes: Node[]; samples: number[]; timeDeltas: number[] }
type Times = Map<string, number>

const most = 40

/** Prints where the time of a process went that ran with `--cpu-prof`: by function, alone and with all that it calls, and by package. */
export async function reportProfile(directory: string): Promise<void> {
  for (const file of await readdir(directory).catch(() => [])) {
    const profile: Profile = JSON.parse(await readFile(path.join(directory, file), 'utf8'))
    const own = ownTimes(profile)
    print('by package', collect(profile, own, packageOf))
    print('functions alone', collect(profile, own, nameOf))
    print('functions with all that they call', calledTimes(profile, own))
  }
}

function print(title: string, times: Times): void {
  const sorted = [...times].filter(([name]) => name !== '').sort(([, a], [, b]) => b - a)
  const lines = sorted
    .slice(0, most)
    .map(([name, share]) => `${(100 * share).toFixed(1).padStart(5)} %  ${name}`)
  process.stdout.write(`\n${title}\n${lines.join('\n')}\n`)
}

/** The share of each node in the time that was not idle. */
function ownTimes({ nodes, samples, timeDeltas }: Profile): Map<number, number> {
  const idle = nodes.find(({ callFrame }) => callFrame.functionName === '(idle)')?.id
  const times = new Map<number, number>()
  let all = 0
  for (const [index, id] of samples.entries()) {
    if (id === idle) continue
    const time = timeDeltas[index] ?? 0
    times.set(id, (times.get(id) ?? 0) + time)
    all += time
  }
  return new Map([...times].map(([id, time]) => [id, time / all]))
}

function collect({ nodes }: Profile, own: Map<number, number>, nameFor: (node: Node) => string): Times {
  const times: Times = new Map()
  for (const node of nodes) add(times, nameFor(node), own.get(node.id) ?? 0)
  return times
}

function calledTimes({ nodes }: Profile, own: Map<number, number>): Times {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const times: Times = new Map()
  // A function that calls itself counts once.
  function visit(node: Node, above: Set<string>): number {
    const name = nameOf(node)
    const within = above.has(name) ? above : new Set(above).add(name)
    let time = own.get(node.id) ?? 0
    for (const id of node.children ?? []) {
      const child = byId.get(id)
      if (child) time += visit(child, within)
    }
    if (!above.has(name)) add(times, name, time)
    return time
  }
  const [root] = nodes
  if (root) visit(root, new Set(['(root)']))
  return times
}

const add = (times: Times, name: string, time: number) => void times.set(name, (times.get(name) ?? 0) + time)

const placeOf = ({ callFrame }: Node) => callFrame.url.replace(/^.*\/(node_modules|dist)\//, '')

function nameOf(node: Node): string {
  const { functionName, lineNumber } = node.callFrame
  const place = placeOf(node)
  return place ? `${functionName || '(anonymous)'}  ${place}:${lineNumber + 1}` : functionName
}

function packageOf(node: Node): string {
  const place = placeOf(node)
  if (place.startsWith('node:')) return `node ${place.slice('node:'.length)}`
  return /^(@[^/]+\/)?[^/]+/.exec(place)?.[0] ?? node.callFrame.functionName
}
