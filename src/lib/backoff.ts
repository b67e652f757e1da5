/** Seconds to wait after the n-th failure in a row (first: `baseSeconds`), doubling up to `maxSeconds`. */
export function backoffSeconds(failures: number, baseSeconds: number, maxSeconds: number): number {
  return Math.min(maxSeconds, baseSeconds * 2 ** Math.max(0, failures - 1))
}
