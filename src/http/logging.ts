import type { FastifyReply, FastifyRequest } from 'fastify'
import { type DestinationStream, type Logger, pino } from 'pino'
import type { Actor } from '../actors.ts'
import type { Context } from '../context.ts'

const secretFields = [
  'password',
  'current_password',
  'new_password',
  'token',
  'secret',
  'secretKey',
  'authorization',
  'cookie',
]

/** JSON lines; fields that could hold a secret are cut wherever they stand, up to two levels deep. */
export function makeLogger(level: string, destination?: DestinationStream): Logger {
  const paths = secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`])
  const options = { level, base: null, redact: { paths, censor: '[redacted]' } }
  return destination ? pino(options, destination) : pino(options)
}

// What a reader who stopped reading may cost; lines beyond are dropped.
const mostWaitingBytes = 16 * 1024 * 1024
// A write for every line, or for every turn of the event loop, costs more than the lines.
const gatheredForMs = 20
const mostGathered = 16 * 1024

/** Where the service's log goes: many lines at a time, a moment after the first, and what is left when the process ends. */
export function standardOutput(): DestinationStream {
  const output = pino.destination({ dest: 1, sync: false, maxLength: mostWaitingBytes })
  // A disk that is full loses lines and nothing else; SonicBoom would wait for it for ever where the process ends.
  let isBroken = false
  output.on('error', () => {
    isBroken = true
  })
  output.on('write', () => {
    isBroken = false
  })
  let lines = ''
  let timer: NodeJS.Timeout | undefined
  const writeLines = () => {
    clearTimeout(timer)
    if (lines !== '') output.write(lines)
    lines = ''
  }
  process.prependListener('exit', () => {
    writeLines()
    if (isBroken) output.destroy()
    else output.flushSync()
  })
  return {
    write(line) {
      if (lines === '') timer = setTimeout(writeLines, gatheredForMs)
      lines += line
      if (lines.length > mostGathered) writeLines()
    },
  }
}

type Metrics = Context['metrics']
type OnOver = (request: FastifyRequest, reply: FastifyReply) => void

// Nginx' number for callers who went away before their answer; no answer ever carries it.
const clientClosedRequest = 499

/**
 * What there is to do when a request is over, also one whose caller went away: one line and one count. The route's pattern,
 * never the address: an address may hold a token. Nothing in the line comes from the caller, so it needs no redaction and is
 * written past pino, at a tenth of the cost.
 */
export function logWhenOver(log: Logger, metrics: Metrics): OnOver {
  const isLogged = log.isLevelEnabled('info')
  const stream = (log as unknown as Record<symbol, DestinationStream>)[pino.symbols.streamSym]
  return (request, reply) => {
    const begunAt = performance.now()
    reply.raw.on('close', () => {
      const { method } = request
      // Where the path could not be read no hook ran.
      const url = request.route?.url
      const isAborted = !reply.raw.writableFinished
      const status = reply.statusCode
      const milliseconds = performance.now() - begunAt
      metrics.observeRequest(method, url, isAborted ? clientClosedRequest : status, milliseconds / 1_000)
      if (!isLogged) return
      const duration = Math.round(milliseconds * 10) / 10
      stream?.write(
        `{"level":30,"time":${Date.now()},"requestId":"${request.id}","method":"${method}","route":"${url ?? 'unknown'}",` +
          `"status":${status},"durationMs":${duration}${isAborted ? ',"isAborted":true' : ''}` +
          `${callerFields(request.actor)},"msg":"request"}\n`,
      )
    })
  }
}

function callerFields(actor: Actor | undefined): string {
  if (!actor || actor.kind === 'anyone') return ''
  let fields = ''
  if ('userId' in actor) fields += `,"userId":"${actor.userId}"`
  if ('organizationId' in actor) fields += `,"organizationId":"${actor.organizationId}"`
  if (actor.kind === 'backend') fields += `,"keyId":"${actor.keyId}","keyPrefix":"${actor.keyPrefix}"`
  return fields
}
