/** Joins the classes that apply; undefined when none does, so that no empty attribute is written. */
export const classes = (...names: readonly (string | false | undefined)[]): string | undefined =>
  names.filter(Boolean).join(' ') || undefined
