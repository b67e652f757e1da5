import { readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build } from '../../scripts/build.ts'

const pages = resolve(import.meta.dirname, '../../src/pages')

const sources = readdirSync(pages, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => ({ path, text: readFileSync(join(pages, path), 'utf8') }))

/** The places, as "file: line", where a pattern occurs in files whose path fits. */
const places = (pattern: RegExp, where: (path: string) => boolean = () => true) =>
  sources
    .filter(({ path }) => where(path))
    .flatMap(({ path, text }) => text.split('\n').map((line) => `${path}: ${line.trim()}`))
    .filter((place) => pattern.test(place.slice(place.indexOf(': ') + 2)))

const within =
  (...folders: string[]) =>
  (path: string) =>
    folders.some((folder) => path.startsWith(`${folder}/`))
const outside =
  (...folders: string[]) =>
  (path: string) =>
    !within(...folders)(path)

describe('sources of the pages', () => {
  it('name classes only in ui and layouts', () => {
    expect(places(/\bclass(?:Name|List)?\s*[=.]/, outside('ui', 'layouts'))).toEqual([])
  })

  it('turn no text into markup', () => {
    expect(places(/dangerouslySetInnerHTML|(?:inner|outer)HTML|insertAdjacentHTML|document\.write/)).toEqual(
      [],
    )
  })

  it('put no style, handler or script into the page', () => {
    expect(places(/\sstyle=|\son[A-Z]\w*=|\son[a-z]+="|hx-on|\bjs:|\beval\(|new Function/)).toEqual([])
  })

  it('use of htmx only what the rules of the console allow', () => {
    const allowed = /^'?hx-(?:boost|target|select|swap):inherited'?$|^hx-boost$/
    const used = sources.flatMap(({ text }) => text.match(/'?hx-[a-z-]+(?::inherited'?)?(?=[=:])/g) ?? [])
    expect(used.filter((name) => !allowed.test(name))).toEqual([])
  })

  it('spell addresses in urls.ts only', () => {
    const isView = (path: string) =>
      /\.(?:page|dialog|dialogs)\.tsx$/.test(path) || within('ui', 'layouts')(path)
    expect(places(/(?:href|action|src)="\/|`\/|`https?:/, isView)).toEqual([])
  })

  it('import nothing but preact and each other into what is shown', () => {
    const isView = (path: string) =>
      /\.(?:page|dialog|dialogs)\.tsx$/.test(path) || within('ui', 'layouts')(path)
    const foreign = sources
      .filter(({ path }) => isView(path))
      .flatMap(({ path, text }) =>
        [...text.matchAll(/\bfrom '([^']+)'/g)].map(([, from = '']) => ({ path, from })),
      )
      .filter(({ path, from }) => {
        if (from === 'preact') return false
        return !from.startsWith('.') || relative(pages, resolve(pages, path, '..', from)).startsWith('..')
      })
    expect(foreign).toEqual([])
  })
})

describe('what the browser loads', () => {
  let folder = ''
  let manifest: Record<string, string> = {}
  const asset = (name: string) => readFileSync(join(folder, 'assets', manifest[name] ?? name))
  const gzipped = (name: string) => gzipSync(asset(name), { level: 9 }).length

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'silver-build-'))
    const server = join(folder, 'server.ts')
    await writeFile(server, 'export {}')
    manifest = await build({ outdir: folder, server })
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it.each([
    ['main.js', 25],
    ['auth.js', 2],
    ['main.css', 10],
  ])('%s stays within %d KB', (name, limit) => expect(gzipped(name)).toBeLessThanOrEqual(limit * 1024))

  it('has fonts of at most 55 KB', () => {
    const fonts = Object.keys(manifest).filter((name) => name.endsWith('.woff2'))
    expect(fonts).toHaveLength(2)
    expect(fonts.reduce((sum, name) => sum + asset(name).length, 0)).toBeLessThanOrEqual(55 * 1024)
  })

  it('is compressed beforehand', () => {
    for (const name of ['main.js', 'auth.js', 'main.css']) {
      for (const suffix of ['.br', '.gz']) {
        expect(statSync(join(folder, 'assets', `${manifest[name]}${suffix}`)).size).toBeGreaterThan(0)
      }
    }
  })

  it('is kept while a service of the build before still sends it', async () => {
    const old = 'main.OLDOLDOL.css'
    await writeFile(join(folder, 'assets', old), '')
    await writeFile(join(folder, 'assets', 'main.ANCIENT1.css'), '')
    await writeFile(join(folder, 'assets/manifest.json'), JSON.stringify({ 'main.css': old }))
    await build({ outdir: folder, server: join(folder, 'server.ts') })
    const left = readdirSync(join(folder, 'assets'))
    expect(left).toContain(old)
    expect(left).not.toContain('main.ANCIENT1.css')
    expect(JSON.parse(readFileSync(join(folder, 'assets/manifest.json'), 'utf8'))).toEqual(manifest)
  })
})
