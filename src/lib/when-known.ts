/** What is there already, or will be. */
export type Known<Value> = Value | Promise<Value>

/** Goes on with a value at once where it is there: a promise per request costs more than most of what is done in one. */
export function whenKnown<Value, Next>(
  value: Known<Value>,
  next: (value: Value) => Known<Next>,
): Known<Next> {
  return value instanceof Promise ? value.then(next) : next(value)
}
