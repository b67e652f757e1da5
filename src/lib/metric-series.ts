type Label = string | number

/** One value of a metric, as Prometheus reads it. `suffix` follows the metric's name. */
export type Sample = { suffix: string; labels: Record<string, Label>; value: number }

/** A metric that keeps plain numbers and is turned into samples only when somebody asks. */
export type Series = {
  name: string
  help: string
  type: 'counter' | 'histogram'
  labelNames: readonly string[]
  samples: () => Sample[]
}

export type Counter<Labels extends Label[]> = Series & { add: (...labels: Labels) => void }
export type Histogram<Labels extends Label[]> = Series & {
  observe: (value: number, ...labels: Labels) => void
}

type Description = Pick<Series, 'name' | 'help' | 'labelNames'>

/** How often something happened, by labels. Their values must be bounded: each combination is kept for good. */
export function counter<Labels extends Label[]>(description: Description): Counter<Labels> {
  const leaves = leavesOf(() => ({ value: 0 }))
  return {
    ...description,
    type: 'counter',
    add: (...labels) => void leaves.at(labels).value++,
    samples: () =>
      leaves.all().map(([labels, { value }]) => ({ suffix: '', labels: named(description, labels), value })),
  }
}

/** How values are spread over buckets up to each of `bounds`, by labels; bounded as those of `counter`. */
export function histogram<Labels extends Label[]>(
  description: Description,
  bounds: readonly number[],
): Histogram<Labels> {
  const leaves = leavesOf(() => ({ sum: 0, counts: new Array<number>(bounds.length + 1).fill(0) }))
  return {
    ...description,
    type: 'histogram',
    observe(value, ...labels) {
      const leaf = leaves.at(labels)
      leaf.sum += value
      let index = 0
      while (index < bounds.length && value > (bounds[index] as number)) index++
      leaf.counts[index] = (leaf.counts[index] as number) + 1
    },
    samples: () =>
      leaves.all().flatMap(([values, { sum, counts }]) => {
        const labels = named(description, values)
        let count = 0
        const buckets = counts.map((inBucket, index) => {
          count += inBucket
          return { suffix: '_bucket', labels: { ...labels, le: bounds[index] ?? '+Inf' }, value: count }
        })
        return [
          ...buckets,
          { suffix: '_sum', labels, value: sum },
          { suffix: '_count', labels, value: count },
        ]
      }),
  }
}

const named = ({ labelNames }: Description, values: Label[]) =>
  Object.fromEntries(labelNames.map((name, index) => [name, values[index] ?? '']))

type Branch<Leaf> = Map<Label, Branch<Leaf> | Leaf>

/** A leaf per combination of labels. Walking maps costs a tenth of hashing an object of labels, as metric libraries do. */
function leavesOf<Leaf>(make: () => Leaf) {
  const root: Branch<Leaf> = new Map()

  function at(labels: Label[]): Leaf {
    let branch = root
    const last = labels.length - 1
    for (let index = 0; index < last; index++) {
      const label = labels[index] as Label
      let next = branch.get(label) as Branch<Leaf> | undefined
      if (!next) {
        next = new Map()
        branch.set(label, next)
      }
      branch = next
    }
    const label = labels[last] as Label
    let leaf = branch.get(label) as Leaf | undefined
    if (!leaf) {
      leaf = make()
      branch.set(label, leaf)
    }
    return leaf
  }

  function collect(node: Branch<Leaf> | Leaf, path: Label[]): [Label[], Leaf][] {
    if (!(node instanceof Map)) return [[path, node]]
    return [...node].flatMap(([label, next]) => collect(next, [...path, label]))
  }

  return { at, all: () => collect(root, []) }
}
