import { setTimeout as wait } from 'node:timers/promises'
import { withClient } from '../../../src/db/postgres-roles.ts'
import type { Answer, Call } from '../../support/http.ts'

const callers = 8
const pauseMs = 20
const password = 'correct-horse-battery'

/**
 * Callers who read, sign in and create organizations, one request after the other until they are stopped. They never repeat
 * a request and send no idempotency key: each that gets no answer, or the wrong one, has failed.
 */
export async function startCallers(ask: (call: Call) => Promise<Answer>) {
  const failures: string[] = []
  const created: string[] = []
  let answered = 0
  let isOver = false

  async function send(call: Call, expected: number): Promise<Answer | undefined> {
    const answer = await ask(call).catch((error: Error) => error)
    if (!(answer instanceof Error) && answer.status === expected) {
      answered++
      return answer
    }
    const got = answer instanceof Error ? String(answer) : `${answer.status} ${answer.text.slice(0, 200)}`
    failures.push(`${call.method ?? 'GET'} ${call.path}: ${got}`)
    return undefined
  }

  async function register(name: string): Promise<{ email: string; headers: Record<string, string> }> {
    const email = `${name}@example.com`
    const body = { email, password, organization_name: name }
    const answer = await send({ method: 'POST', path: '/v1/auth/register', body }, 201)
    return { email, headers: { authorization: `Bearer ${answer?.body.access_token}` } }
  }

  async function live(number: number) {
    // An account of their own to sign in with: what is under way for one at the same time counts as guesses.
    let { email, headers } = await register(`caller-${number}`)
    for (let count = number; !isOver; count++) {
      // Nobody owns more than a hundred.
      if (count % 100 === 99) ({ email, headers } = await register(`caller-${number}-${count}`))
      const slug = `made-${number}-${count}`
      const body = { name: slug, slug }
      if (count % 10 === 0)
        await send({ method: 'POST', path: '/v1/auth/login', body: { email, password } }, 200)
      else if (count % 3 === 0) await send({ path: '/v1/orgs?limit=1', headers }, 200)
      else if (await send({ method: 'POST', path: '/v1/orgs', headers, body }, 201)) created.push(slug)
      await wait(pauseMs)
    }
  }

  const living = Array.from({ length: callers }, (_, number) => live(number))

  return {
    failures,
    /** The slugs of what was created, as the answers said. */
    created,
    answered: () => answered,
    async stop() {
      isOver = true
      await Promise.all(living)
    },
  }
}

/** The slugs of what callers created, as the database has them. */
export const createdIn = (url: string): Promise<string[]> =>
  withClient(url, async (client) => {
    const { rows } = await client.query("select slug from organizations where slug like 'made-%'")
    return rows.map(({ slug }) => slug)
  })
