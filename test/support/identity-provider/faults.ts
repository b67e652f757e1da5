import type Provider from 'oidc-provider'
import { type EndpointFault, hostileText } from './misbehaviours.ts'

export type Middleware = Parameters<Provider['use']>[0]
export type HttpContext = Parameters<Middleware>[0]

const dripMilliseconds = 100
const hugeBytes = 32 * 1024 * 1024

/** A page in place of an answer, as a proxy in front of a broken provider would send it. */
export function answerHtml(ctx: HttpContext, status: number): void {
  ctx.status = status
  ctx.type = 'html'
  ctx.body = `<!doctype html><title>Error</title><h1>${status}</h1>${hostileText}`
}

/** A redirect of this status to the same path at another origin. */
export function answerRedirect(ctx: HttpContext, status: 302 | 307, elsewhere: string): void {
  ctx.status = status
  ctx.set('location', elsewhere + ctx.url)
  ctx.body = ''
}

/** Right JSON with so much more in it that nobody should read to the end. */
export function swell(ctx: HttpContext): void {
  const json = JSON.stringify(ctx.body)
  ctx.body = `${json.slice(0, -1)},"padding":"${'x'.repeat(hugeBytes)}"}`
}

/** Does to the connection what the fault says; oidc-provider never sees the request. */
export function fail(ctx: HttpContext, fault: Exclude<EndpointFault, 'huge'>, elsewhere: string): void {
  switch (fault) {
    case '500':
      answerHtml(ctx, 500)
      break
    case 'garbage':
      ctx.type = 'json'
      ctx.body = '{"issuer": "http://127.0.0.1", "access_token": "ey'
      break
    case 'redirect':
      answerRedirect(ctx, 302, elsewhere)
      break
    case 'hangs':
      ctx.respond = false
      break
    case 'resets':
      ctx.respond = false
      ctx.req.socket.resetAndDestroy()
      break
    case 'drips': {
      ctx.respond = false
      ctx.res.writeHead(200, { 'content-type': 'application/json' }).write('{"padding":"')
      const drip = setInterval(() => ctx.res.write('x'), dripMilliseconds)
      ctx.res.on('close', () => clearInterval(drip))
    }
  }
}
