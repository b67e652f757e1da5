import { readFileSync } from 'node:fs'
import path from 'node:path'
import formbody from '@fastify/formbody'
import helmet from '@fastify/helmet'
import fastifyStatic from '@fastify/static'
import { invalidInput } from '../errors.ts'
import type { App } from '../http/server.ts'
import { packageRoot } from '../lib/package-root.ts'
import { sha256 } from '../lib/secrets.ts'
import type { Manifest } from './assets.ts'
import type { Pages } from './render.ts'

const directory = path.join(packageRoot, 'dist', 'assets')

/** Reads what the build made; throws with what to do when it was not run. */
export function loadPages(): Pages {
  try {
    const text = readFileSync(path.join(directory, 'manifest.json'), 'utf8')
    return { manifest: JSON.parse(text) as Manifest, build: sha256(text).toString('hex').slice(0, 12) }
  } catch (cause) {
    throw new Error('The pages are not built. Run: npm run build', { cause })
  }
}

/** Scripts, styles and fonts under hashed names: kept by browsers for good, compressed once at build time. */
export async function serveAssets(app: App): Promise<void> {
  await app.register(fastifyStatic, {
    root: directory,
    prefix: '/assets/',
    preCompressed: true,
    immutable: true,
    maxAge: '365d',
    decorateReply: false,
    index: false,
    schemaHide: true,
  })
}

/** What page audiences need beside the API: forms, and helmet for answers that are pages. */
export async function acceptForms(app: App): Promise<void> {
  await app.register(formbody)
  await app.register(helmet, { global: false })
  app.addHook('onRequest', (request, _reply, done) => {
    request.cookies = app.parseCookie(request.headers.cookie ?? '')
    done()
  })
  app.addHook('preValidation', async ({ body }) => {
    for (const [name, value] of Object.entries(body ?? {})) {
      if (String(value).includes('\0')) throw invalidInput(name, 'has characters that cannot be stored')
    }
  })
}
