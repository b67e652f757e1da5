type Ask<Context, Input, Result> = (context: Context, inputs: Input[]) => Promise<Result[]>

/**
 * Asks once for all that is asked for within a turn of the event loop, at most `most` at a time. `ask` gives its results in the
 * order of the inputs; where it throws, all of them do.
 */
export function gather<Context extends object, Input, Result>(
  ask: Ask<Context, Input, Result>,
  most: number,
): (context: Context, input: Input) => Promise<Result> {
  type Group = { inputs: Input[]; results: Promise<Result[]> }
  const open = new WeakMap<Context, Group>()

  function begin(context: Context): Group {
    const inputs: Input[] = []
    const results = new Promise<Result[]>((resolve, reject) => {
      setImmediate(() => {
        if (open.get(context)?.inputs === inputs) open.delete(context)
        ask(context, inputs).then(resolve, reject)
      })
    })
    const group = { inputs, results }
    open.set(context, group)
    return group
  }

  return async (context, input) => {
    const current = open.get(context)
    const group = current && current.inputs.length < most ? current : begin(context)
    const place = group.inputs.push(input) - 1
    return (await group.results)[place] as Result
  }
}
