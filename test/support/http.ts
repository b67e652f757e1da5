import http from 'node:http'
import https from 'node:https'

export type Answer = {
  status: number
  headers: http.IncomingHttpHeaders
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  body: any
}

export type Call = {
  method?: string
  path: string
  headers?: Record<string, string | string[] | undefined>
  /** An object goes out as JSON; a string or bytes as they are. */
  body?: unknown
}

/** Whom to believe to be the server when the request goes over TLS. */
export type Tls = { ca: Buffer; servername: string }

/** One real HTTP request to 127.0.0.1, with exactly these headers: nothing is added as a browser or fetch would. */
export function call(
  port: number,
  { method = 'GET', path, headers = {}, body }: Call,
  tls?: Tls,
): Promise<Answer> {
  const isRaw = typeof body === 'string' || Buffer.isBuffer(body)
  const payload = body === undefined ? undefined : isRaw ? body : JSON.stringify(body)
  const sent = Object.fromEntries(
    Object.entries({
      ...(payload === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
      ...headers,
    }).filter(([, value]) => value !== undefined),
  ) as http.OutgoingHttpHeaders
  return new Promise((resolve, reject) => {
    const target = { host: '127.0.0.1', port, method, path, headers: sent, ...tls }
    const request = (tls ? https : http).request(target, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        const { 'content-type': type = '', 'content-encoding': encoding } = response.headers
        const isJson = /[/+]json/.test(type) && encoding === undefined
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          body: isJson && text ? JSON.parse(text) : undefined,
        })
      })
    })
    request.on('error', reject)
    request.end(payload)
  })
}

/** The value of a cookie that an answer sets; undefined when it sets none of that name. */
export function cookieOf(answer: Answer, name = 'seqn_session'): string | undefined {
  const line = answer.headers['set-cookie']?.find((cookie) => cookie.startsWith(`${name}=`))
  return line?.slice(name.length + 1).split(';')[0]
}
