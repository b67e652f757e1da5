import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { sendText } from './answer-headers.ts'

/** The text of an answer, made by its response schema as Fastify would, for routes that send the same one many times. */
export function asJson<Schema extends z.ZodType>(schema: Schema, answer: z.output<Schema>): string {
  return JSON.stringify(z.encode(schema, answer))
}

/** Sends a text of `asJson`. Returns nothing: Fastify would wait for a reply that is returned. */
export function sendJson(reply: FastifyReply, text: string): void {
  sendText(reply, 200, text)
}
