import http from 'node:http'

/** The cookies of one browser at the provider. */
export type CookieJar = { name: string; value: string; path: string }[]

type Page = { url: URL; status: number; location: string | undefined; html: string }
type Site = { issuer: string }

const mostSteps = 20

/**
 * Walks from an authorize URL through the provider's redirects and forms as `sub`, and returns the callback URL that
 * it is finally sent to, without opening it. A jar that is used again is a browser that comes back.
 */
export const signInAt = (provider: Site, authorizeUrl: string, sub: string, jar: CookieJar = []) =>
  walk(provider, authorizeUrl, jar, { login: sub, password: 'any' })

/** The same from an end-session URL: presses what there is to press and returns the URL outside of the provider. */
export const signOutAt = (provider: Site, endSessionUrl: string, jar: CookieJar) =>
  walk(provider, endSessionUrl, jar, {})

async function walk(
  { issuer }: Site,
  from: string,
  jar: CookieJar,
  answers: Record<string, string>,
): Promise<string> {
  const { origin } = new URL(issuer)
  let page = await open(new URL(from), jar)
  for (let step = 0; step < mostSteps; step++) {
    if (page.location !== undefined) {
      const next = new URL(page.location, page.url)
      if (next.origin !== origin) return next.href
      page = await open(next, jar)
      continue
    }
    const form = page.status < 400 ? formOf(page, answers) : undefined
    if (!form) throw new Error(`the provider ended with ${page.status} at ${page.url.pathname}: ${page.html}`)
    page = await open(form.action, jar, form.fields)
  }
  throw new Error(`the provider did not come to an end: ${page.url.href}`)
}

function open(url: URL, jar: CookieJar, fields?: URLSearchParams): Promise<Page> {
  const cookies = jar.filter(({ path }) => url.pathname.startsWith(path))
  const headers = {
    accept: 'text/html',
    ...(cookies.length > 0 && { cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') }),
    ...(fields && { 'content-type': 'application/x-www-form-urlencoded' }),
  }
  return new Promise((resolve, reject) => {
    const request = http.request(
      url,
      { method: fields ? 'POST' : 'GET', agent: false, headers },
      (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('error', reject)
        answer.on('end', () => {
          for (const line of answer.headers['set-cookie'] ?? []) keep(jar, line)
          const { statusCode: status = 0 } = answer
          resolve({ url, status, location: answer.headers.location, html: Buffer.concat(chunks).toString() })
        })
      },
    )
    request.on('error', reject)
    request.end(fields?.toString())
  })
}

function keep(jar: CookieJar, line: string): void {
  const [pair = '', ...attributes] = line.split(/; */)
  const at = pair.indexOf('=')
  const attribute = (name: string) =>
    attributes.find((one) => one.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1)
  const cookie = { name: pair.slice(0, at), value: pair.slice(at + 1), path: attribute('path') ?? '/' }
  const known = jar.findIndex(({ name, path }) => name === cookie.name && path === cookie.path)
  if (known >= 0) jar.splice(known, 1)
  const expires = attribute('expires')
  if (!expires || Date.parse(expires) > Date.now()) jar.push(cookie)
}

function formOf(page: Page, answers: Record<string, string>) {
  const form = /<form[^>]*method="post"[\s\S]*?<\/form>/.exec(page.html)?.[0]
  if (!form) return undefined
  const fields = new URLSearchParams()
  for (const [input] of form.matchAll(/<input[^>]*>/g)) {
    const name = attributeOf(input, 'name')
    const value = name && (answers[name] ?? attributeOf(input, 'value'))
    if (name && value !== undefined) fields.set(name, value)
  }
  const action = attributeOf(form.slice(0, form.indexOf('>')), 'action')
  return { action: new URL(action ?? page.url.href, page.url), fields }
}

const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' }

const attributeOf = (tag: string, name: string): string | undefined =>
  new RegExp(`\\s${name}="([^"]*)"`)
    .exec(tag)?.[1]
    ?.replace(/&(?:#(\d+)|(\w+));/g, (whole, code: string | undefined, word: string) =>
      code ? String.fromCodePoint(Number(code)) : (named[word] ?? whole),
    )
