import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import { constantHeaders } from './security-headers.ts'
import type { App } from './server.ts'

const jsonType = 'application/json; charset=utf-8'

/** Names and values in turn, as `writeHead` takes them. */
export type HeaderList = (string | number)[]

declare module 'fastify' {
  interface FastifyRequest {
    /** What its answer will carry, unless the reply says otherwise. */
    answerHeaders: HeaderList
  }
}

/** Begins the list of what an answer carries whatever it is. Most answers write the list as it is; a map of it costs more. */
export function beginAnswerHeaders(config: Config) {
  const constant: HeaderList = Object.entries(constantHeaders(config)).flat()
  return (request: FastifyRequest): void => {
    request.answerHeaders = [...constant, 'x-request-id', request.id]
  }
}

/** Changes one of the list, or adds it. */
export function setAnswerHeader({ answerHeaders }: FastifyRequest, name: string, value: string): void {
  const at = answerHeaders.indexOf(name)
  if (at < 0) answerHeaders.push(name, value)
  else answerHeaders[at + 1] = value
}

/** Gives every answer that Fastify sends what its list holds and its reply does not. */
export function addAnswerHeaders(app: App): void {
  app.decorateRequest('answerHeaders')
  app.addHook('onSend', (request, reply, _payload, done) => {
    const { answerHeaders } = request
    for (let at = 0; at < answerHeaders.length; at += 2) {
      const name = answerHeaders[at] as string
      if (!reply.hasHeader(name)) reply.header(name, answerHeaders[at + 1])
    }
    done()
  })
}

/**
 * Answers past Fastify's reply, which would look at text, headers and hooks again: a tenth of what a request costs. Without a
 * text there is no body and no length, as 304 wants it.
 */
export function sendText(reply: FastifyReply, status: number, text?: string): void {
  const { request, raw } = reply
  const own = reply.getHeaders()
  for (const name in own) setAnswerHeader(request, name, own[name] as string)
  const headers = request.answerHeaders
  if (reply.isLastOfConnection()) headers.push('connection', 'close')
  if (text !== undefined) headers.push('content-type', jsonType, 'content-length', Buffer.byteLength(text))
  raw.writeHead(status, headers as string[])
  raw.end(text)
}
