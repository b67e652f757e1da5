/**
 * What a stranger answered, as text that neither a database, a terminal nor a page stumbles over: whatever is not
 * UTF-8, and every control character but tab and line end, becomes a question mark. Never longer than the bytes were.
 */
export function answerText(bytes: Uint8Array): string {
  // `stream` leaves out the last character where it was cut in half.
  const text = new TextDecoder().decode(bytes, { stream: true })
  return text.replaceAll('\r\n', '\n').replace(/[^\P{C}\t\n]|[\uFFFD\u2028\u2029]/gu, '?')
}

/** Seconds that a `Retry-After` asks for, given as a number or as a date of HTTP; undefined if it is neither. */
export function retryAfterSeconds(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined
  if (/^\d{1,9}$/.test(header)) return Number(header)
  const date = header.endsWith(' GMT') ? Date.parse(header) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now.getTime()) / 1_000))
}
