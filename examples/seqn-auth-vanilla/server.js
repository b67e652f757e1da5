// Serves the files of ./public, the SDK as it is built, and the two values the page needs. Any static host will do.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

const {
  PORT = '3001',
  SEQN_AUTH_BASE_URL: baseUrl = 'http://127.0.0.1:4080',
  SEQN_AUTH_PUBLISHABLE_KEY: publishableKey,
} = process.env

const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
}
const sdk = new URL('.', import.meta.resolve('@seqn/auth-js'))
const pages = new URL('./public/', import.meta.url)
const headers = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `connect-src 'self' ${new URL(baseUrl).origin}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

/** The file of an address; names with anything but letters, digits, - and . are not ours. */
function fileOf(path) {
  const [, folder, name] =
    /^\/(sdk\/)?([\w-]+\.(?:html|js|css))$/.exec(path === '/' ? '/index.html' : path) ?? []
  return name && fileURLToPath(new URL(name, folder ? sdk : pages))
}

const server = createServer(async (req, res) => {
  const { pathname } = new URL(req.url, 'http://localhost')
  try {
    const file = fileOf(pathname)
    const isConfig = pathname === '/config.json'
    const content = isConfig ? JSON.stringify({ baseUrl, publishableKey }) : await readFile(file ?? '')
    const type = types[extname(file ?? pathname)]
    res.writeHead(200, { ...headers, 'Content-Type': `${type}; charset=utf-8` }).end(content)
  } catch {
    res.writeHead(404, headers).end('Not found')
  }
})

const appUrl = process.env.APP_URL ?? `http://localhost:${PORT}`
server.listen(PORT, () => process.stdout.write(`${appUrl} (sign-in comes back to ${appUrl}/)\n`))
