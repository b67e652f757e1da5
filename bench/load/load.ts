import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { autocannonGenerator } from './autocannon.ts'
import { findWrk, wrkGenerator } from './wrk.ts'

export type Request = {
  method?: 'GET' | 'POST'
  path: string
  headers?: Record<string, string>
  body?: string
}

export type Load = {
  port: number
  requests: Request[]
  connections?: number
  seconds: number
  /** Ends when every request was sent, if that is before the time is over; otherwise they begin anew. */
  once?: boolean
}

export type Outcome = {
  requests: number
  seconds: number
  /** Answers with a status of 400 or more. */
  refused: number
  /** Connections that failed and answers that never came. */
  broken: number
  p50Ms: number
  p99Ms: number
}

export type Generator = { name: string; run: (load: Required<Load>, directory: string) => Promise<Outcome> }

/** wrk where it is installed, because it leaves more of the machine to what is measured; otherwise autocannon. */
export const chooseGenerator = async (): Promise<Generator> =>
  (await findWrk()) ? wrkGenerator : autocannonGenerator

/** Loads a server on 127.0.0.1 over keep-alive connections, each of which sends the next request when it has its answer. */
export async function load(
  { generator, directory }: { generator: Generator; directory: string },
  options: Load,
): Promise<Outcome> {
  return generator.run({ connections: 64, once: false, ...options }, directory)
}

export const rate = ({ requests, seconds }: Outcome) => requests / seconds

const written = new WeakMap<Request[], Promise<string>>()

/** A file with the bytes of the requests, each after a line that holds their number; written once per list. */
export function requestFile(requests: Request[], directory: string): Promise<string> {
  const file = path.join(directory, `${randomUUID()}.requests`)
  const promise = written.get(requests) ?? writeFile(file, requests.map(framed).join('')).then(() => file)
  written.set(requests, promise)
  return promise
}

function framed({ method = 'GET', path: address, headers = {}, body = '' }: Request): string {
  const all = {
    host: 'bench',
    ...(body ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } : {}),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  const bytes = `${method} ${address} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
  return `${Buffer.byteLength(bytes)}\n${bytes}`
}
