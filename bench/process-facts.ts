import { existsSync, readFileSync } from 'node:fs'

const ticksPerSecond = 100
const bytesPerMegabyte = 1_000_000

/** Whether this system tells about processes under /proc. */
export const canTell = existsSync('/proc/self/stat')

/** The CPU time that a process has used until now. */
export function busySeconds(pid: number): number {
  if (!canTell) return Number.NaN
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** What of a process is in memory. */
export function residentMegabytes(pid: number): number {
  const [, kibibytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return (Number(kibibytes) * 1_024) / bytesPerMegabyte
}
