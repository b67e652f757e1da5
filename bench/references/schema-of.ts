/** The JSON schema of values that look like this one. */
export function schemaOf(value: unknown): object {
  if (value === null) return { type: 'null' }
  if (Array.isArray(value)) return { type: 'array', items: value.length > 0 ? schemaOf(value[0]) : {} }
  if (typeof value !== 'object') return { type: typeof value }
  const properties = Object.entries(value).map(([name, each]) => [name, schemaOf(each)])
  return { type: 'object', properties: Object.fromEntries(properties), required: Object.keys(value) }
}
