import { setTimeout as wait } from 'node:timers/promises'
import type { SeqnAuthEvent } from '../../packages/seqn-auth-js/src/webhooks.ts'
import { type AttemptResult, attemptDelivery } from '../features/webhooks/attempt.ts'
import { refuseAddress } from '../lib/safe-fetch/judge-address.ts'
import { isWebhookSecret, newWebhookSecret } from '../lib/standard-webhooks.ts'
import { type Command, type Invocation, UsageError } from './command.ts'
import { eventFeed, newestSequence } from './event-feed.ts'

// Whoever runs this sends to what is theirs.
const rules = { allowInsecure: true, allowPrivateAddresses: true }
const pageSize = 100
const pauseMs = 1_000

export const listen: Command = {
  summary: 'bring events to a receiver on this machine, for development',
  usage: 'listen --forward <url>',
  options: {
    forward: ['<url>', 'the receiver, as http://localhost:3000/webhooks'],
    'secret-key': ['<sk_live_…>', 'of a project, else SEQN_AUTH_SECRET_KEY'],
    'base-url': ['<url>', 'the service, else SEQN_AUTH_BASE_URL'],
    secret: ['<whsec_…>', 'to sign with, else one is made'],
    after: ['<sequence>', 'begin behind this event, else behind the newest'],
  },
  run: async ({ words, options, say }) => {
    const { baseUrl, secretKey, url, secret, after } = await readOptions(words, options)
    const stopping = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
    const { signal } = stopping
    try {
      const feed = eventFeed({ baseUrl, secretKey }, { stopping: signal, onTrouble })
      let last = after ?? (await newestSequence(feed))
      const greeting = `Forwarding events after ${last} to ${url}; Ctrl-C ends it.`
      say(`${greeting}\nSEQN_AUTH_WEBHOOK_SECRET=${secret}`, { forward: url, after: last, secret })
      for (;;) {
        const events = await feed(last, pageSize)
        for (const event of events) {
          const { stopped, ...result } = await forward(event, { url, secret, signal })
          if (stopped) return 0
          say(...shown(event, result))
          last = event.sequence
        }
        if (events.length === 0) await wait(pauseMs, undefined, { signal })
      }
    } catch (error) {
      if (signal.aborted) return 0
      throw error
    }
  },
}

const onTrouble = (message: string) => void process.stderr.write(`silver-auth: ${message} Trying again.\n`)

async function readOptions(words: string[], options: Invocation['options']) {
  const { forward: url, secret = newWebhookSecret(), after } = options
  if (words.length > 0 || url === undefined)
    throw new UsageError('say --forward and the address of your receiver')
  const refusal = await refuseAddress(url, rules)
  if (refusal) throw new UsageError(`--forward cannot be ${url}: ${refusal}`)
  if (!isWebhookSecret(secret)) throw new UsageError('--secret is whsec_ and base64')
  if (after !== undefined && !/^\d{1,15}$/.test(after))
    throw new UsageError('--after is the sequence of an event')
  const { 'base-url': baseUrl, 'secret-key': secretKey } = options
  return { baseUrl, secretKey, url, secret, after: after === undefined ? undefined : Number(after) }
}

type Receiver = { url: string; secret: string; signal: AbortSignal }

const forward = (event: SeqnAuthEvent, { url, secret, signal }: Receiver) =>
  attemptDelivery({
    endpoint: { url, secrets: [secret] },
    event: { id: event.id, body: JSON.stringify(event) },
    now: new Date(),
    rules,
    signal,
  })

type Result = Omit<AttemptResult, 'stopped'>

function shown(event: SeqnAuthEvent, { status, error, latencyMs }: Result): [string, object] {
  const { sequence, type, id } = event
  const text = `${sequence}  ${type}  ${id}  ${error ?? status}  ${latencyMs} ms`
  return [text, { sequence, type, id, status, error, latencyMs }]
}
