import { createSeqnAuthExpressHelpers } from '@seqn/auth-js/express'
import express from 'express'
import { homePage, mePage } from './pages.js'

const port = Number(process.env.PORT ?? 3000)
const appUrl = process.env.APP_URL ?? `http://localhost:${port}`

const app = express()
const seqnAuth = createSeqnAuthExpressHelpers({ appUrl })

// Webhooks come first: their signature is over the body as it was sent, so no parser may touch it.
// They come at least once. This forgets at each restart: keep the ids where the rest of your data is.
const seen = new Set()
app.post(
  '/webhooks',
  seqnAuth.webhook((event) => {
    if (seen.has(event.id)) return
    process.stdout.write(`${event.sequence} ${event.type} ${event.id}\n`)
    seen.add(event.id)
  }),
)

app.use((_req, res, next) => {
  res.set('Content-Security-Policy', "default-src 'none'; style-src 'self'; frame-ancestors 'none'")
  next()
})
app.use(express.static(new URL('public', import.meta.url).pathname))

app.get('/auth/sign-in', seqnAuth.hostedSignIn)
app.get('/auth/sign-up', seqnAuth.hostedSignUp)
app.get('/auth/sign-out', seqnAuth.hostedSignOut)
app.get('/auth/callback', seqnAuth.callback)

app.get('/', seqnAuth.loadPublicConfig, (_req, res) => {
  res.send(homePage(res.locals.seqnAuth))
})

// Anonymous visitors go to sign in, and come back here.
app.get('/me', seqnAuth.requireSession({ strict: true }), seqnAuth.loadPublicConfig, (_req, res) => {
  res.send(mePage(res.locals.seqnAuth))
})

// Judged by the access token's signature alone: no request to the service, 401 without a session.
app.get('/api/me', seqnAuth.requireSession, (_req, res) => {
  const { userId, email, organizationId } = res.locals.seqnAuth.session
  res.json({ userId, email, organizationId })
})

app.get('/health/auth', async (_req, res, next) => {
  try {
    const health = await seqnAuth.verifyBackendKeyHealth()
    res.status(health.ok ? 200 : 503).json(health)
  } catch (error) {
    next(error)
  }
})

app.listen(port, () => process.stdout.write(`${appUrl} (sign-in comes back to ${appUrl}/auth/callback)\n`))
