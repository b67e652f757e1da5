let newest = { at: Number.NaN, text: '' }

/** The time as JSON has it. What is asked for within one millisecond is written once: writing takes a microsecond. */
export function isoText(time: Date): string {
  const at = time.getTime()
  if (at !== newest.at) newest = { at, text: time.toISOString() }
  return newest.text
}
