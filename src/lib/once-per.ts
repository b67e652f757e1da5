/** Makes something of an object once and keeps it with the object, out of sight of copies and of JSON. */
export function oncePer<From extends object, Made>(make: (from: From) => Made): (from: From) => Made {
  const made = Symbol(make.name)
  return (from) => {
    const known = (from as Record<symbol, Made>)[made]
    if (known !== undefined) return known
    const value = make(from)
    Object.defineProperty(from, made, { value })
    return value
  }
}
