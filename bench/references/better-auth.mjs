import { apiKey } from '@better-auth/api-key'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import Fastify from 'fastify'
import pg from 'pg'
import { listening, options } from './options.ts'

const auth = betterAuth({
  baseURL: 'http://bench',
  secret: options.secret,
  database: new pg.Pool({ connectionString: options.databaseUrl, max: 20 }),
  // Its own limits would end the measurement; ours are on and count.
  plugins: [apiKey({ rateLimit: { enabled: false } })],
  rateLimit: { enabled: false },
  session: { cookieCache: { enabled: options.hasCookieCache, maxAge: 3600 } },
  telemetry: { enabled: false },
})
await (await getMigrations(auth.options)).runMigrations()

const app = Fastify()

app.get('/verify-key', async (request, reply) => {
  const key = request.headers.authorization?.slice('Bearer '.length) ?? ''
  const verified = await auth.api.verifyApiKey({ body: { key } })
  return reply.code(verified.valid ? 200 : 401).send(verified)
})

app.get('/session', async (request, reply) => {
  const headers = new Headers({ cookie: request.headers.cookie ?? '' })
  const { response, headers: answered } = await auth.api.getSession({ headers, returnHeaders: true })
  const cookies = answered.getSetCookie()
  if (cookies.length > 0) reply.header('set-cookie', cookies)
  return reply.code(response ? 200 : 401).send(response)
})

await app.listen(listening)
