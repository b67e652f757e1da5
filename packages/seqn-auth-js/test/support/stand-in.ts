import { createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { listening } from './listening.ts'

export const publishableKey = 'pk_live_0123456789abcdefghij012345'
export const secretKey = 'sk_live_0123456789abcdefghij0123456789abcdefghij'
export const projectId = 'app_01k9x3v7tqe4m8z2c6w5r0h1jd'

export const application = { id: projectId, slug: 'shop', name: 'Shop', status: 'active' }
export const organization = { slug: 'ada', name: 'Ada' }
export const user = {
  id: 'usr_ada',
  email: 'ada@example.com',
  emailVerified: true,
  name: 'Ada Lovelace',
  avatarUrl: null,
  createdAt: '2026-05-12T00:00:00.000Z',
}

type Answer = { status?: number; headers?: Record<string, string>; body?: unknown }
type Call = { route: string; headers: IncomingMessage['headers']; body: Record<string, string> }
type Claims = { expiresIn?: number; audience?: string; issuer?: string; typ?: string; kid?: string }

const problem = (status: number, code: string): Answer => ({
  status,
  body: { error: { code, message: `Message of ${code}.`, requestId: 'req_1' } },
})

/** The contract's routes for apps, on a real server: keys, sign-in, sessions, JWKS. */
export async function startStandIn() {
  let keyPair = await generateKeyPair('EdDSA', { extractable: true })
  let kid = 'key-1'
  const calls: Call[] = []
  const codes = new Map<string, { challenge: string; redirectUrl: string }>()
  const live = new Set<string>()
  const overrides = new Map<string, (Answer | 'hang up')[]>()
  let expiresIn = 900

  const service = {
    url: '',
    calls,
    live,
    callsOf: (route: string) => calls.filter((call) => call.route === route),
    /** The next answers of a route; afterwards it behaves again. */
    next: (route: string, ...answers: (Answer | 'hang up')[]) => overrides.set(route, answers),
    refuseNext: (route: string, status: number, code: string) =>
      overrides.set(route, [problem(status, code)]),
    setExpiresIn: (seconds: number) => {
      expiresIn = seconds
    },
    /** What the hosted page does once the person has signed in: a code for this address. */
    signIn(url: string) {
      const { searchParams } = new URL(url)
      const redirectUrl = searchParams.get('redirect_url') ?? ''
      const code = randomUUID()
      codes.set(code, { challenge: searchParams.get('code_challenge') ?? '', redirectUrl })
      const back = new URL(redirectUrl)
      back.searchParams.set('code', code)
      back.searchParams.set('state', searchParams.get('state') ?? '')
      return back.href
    },
    async rotateSigningKey() {
      keyPair = await generateKeyPair('EdDSA', { extractable: true })
      kid = `key-${randomUUID()}`
    },
    accessToken: (claims: Claims = {}) =>
      new SignJWT({ org: 'org_ada', email: user.email, sid: 'ses_1', pid: projectId })
        .setProtectedHeader({ alg: 'EdDSA', kid: claims.kid ?? kid, typ: claims.typ ?? 'at+jwt' })
        .setSubject(user.id)
        .setIssuer(claims.issuer ?? service.url)
        .setAudience(claims.audience ?? projectId)
        .setIssuedAt()
        .setJti(randomUUID())
        .setExpirationTime(Math.floor(Date.now() / 1000) + (claims.expiresIn ?? expiresIn))
        .sign(keyPair.privateKey),
    async session(): Promise<Answer> {
      const sessionToken = randomUUID()
      live.add(sessionToken)
      const accessToken = await service.accessToken()
      const role = { id: 'org_ada', slug: 'ada', role: 'owner' }
      return { body: { sessionToken, accessToken, expiresIn, user, organization: role } }
    },
  }

  const asClient = ({ headers }: Call) => headers['x-seqn-publishable-key'] === publishableKey
  const asBackend = ({ headers }: Call) => headers.authorization === `Bearer ${secretKey}`

  function exchange({ body }: Call): Answer | Promise<Answer> {
    const code = codes.get(body.code ?? '')
    codes.delete(body.code ?? '')
    const challenge = createHash('sha256')
      .update(body.codeVerifier ?? '')
      .digest('base64url')
    const fits = code?.challenge === challenge && code.redirectUrl === body.redirectUrl
    return fits ? service.session() : problem(400, 'invalid_input')
  }

  async function answer(call: Call): Promise<Answer> {
    const client = call.route.includes('/v1/client/')
    if (client && !asClient(call)) return problem(404, 'application_not_found')
    if (call.route.includes('/v1/backend/') && !asBackend(call)) return problem(401, 'invalid_secret_key')
    switch (call.route) {
      case 'GET /v1/client/config':
        return { body: { application: { ...application, publishableKey }, organization } }
      case 'GET /v1/backend/application':
        return { body: { ok: true, application, organization, checkedAt: user.createdAt } }
      case 'GET /.well-known/jwks.json':
        return {
          body: { keys: [{ ...(await exportJWK(keyPair.publicKey)), kid, alg: 'EdDSA', use: 'sig' }] },
        }
      case 'POST /v1/client/sessions/exchange':
      case 'POST /v1/backend/sessions/exchange':
        return exchange(call)
      case 'POST /v1/client/sessions/refresh':
        return live.delete(call.body.sessionToken ?? '')
          ? service.session()
          : problem(401, 'authentication_required')
      case 'POST /v1/client/sessions/revoke':
        return live.delete(call.body.sessionToken ?? '')
          ? { status: 204 }
          : problem(401, 'authentication_required')
      case 'POST /v1/backend/sessions/verify':
        return {
          body: live.size > 0 ? { active: true, user, organization: { role: 'owner' } } : { active: false },
        }
      case 'GET /v1/me':
        return { body: { user, organizations: [], session: {}, platformAdmin: false } }
      default:
        return problem(404, 'not_found')
    }
  }

  service.url = await listening(async (req, res) => {
    const route = `${req.method} ${new URL(req.url ?? '/', 'http://a').pathname}`
    const body = await text(req)
    const call: Call = { route, headers: req.headers, body: body ? JSON.parse(body) : {} }
    calls.push(call)
    const given = overrides.get(route)?.shift() ?? (await answer(call))
    if (given === 'hang up') return req.socket.destroy()
    const { status = 200, headers = {}, body: content } = given
    res.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'req_header', ...headers })
    res.end(typeof content === 'string' ? content : content === undefined ? '' : JSON.stringify(content))
  })
  return service
}

export type StandIn = Awaited<ReturnType<typeof startStandIn>>
