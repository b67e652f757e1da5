import { createHash, randomBytes } from 'node:crypto'
import { existsSync, realpathSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, extname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { type BuildOptions, build as esbuild, type OutputFile } from 'esbuild'

const root = resolve(import.meta.dirname, '..')

type Manifest = Record<string, string>
type Asset = { name: string; hashed: string; contents: Uint8Array }

/** Builds everything into `outdir`. Safe to run while a service runs from it, and twice at the same time. */
export async function build({ outdir = join(root, 'dist'), server = join(root, 'src/main.ts') } = {}) {
  const [, manifest] = await Promise.all([buildServer(outdir, server), buildAssets(join(outdir, 'assets'))])
  return manifest
}

async function buildServer(outdir: string, entry: string) {
  const { outputFiles } = await esbuild({
    entryPoints: [entry],
    outfile: join(outdir, 'main.js'),
    absWorkingDir: root,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node24',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    sourcemap: 'linked',
    write: false,
    logLevel: 'warning',
  })
  await mkdir(outdir, { recursive: true })
  await Promise.all(outputFiles.map(({ path, contents }) => writeWhole(path, contents)))
}

async function buildAssets(outdir: string): Promise<Manifest> {
  const previous = await readManifest(outdir)
  const assets = (await Promise.all([bundleScripts(), bundleStyles(), readIcon()])).flat()
  const manifest = Object.fromEntries(assets.map(({ name, hashed }) => [name, hashed]))
  await mkdir(outdir, { recursive: true })
  await Promise.all(assets.map((asset) => writeAsset(outdir, asset)))
  // Last, so that whoever reads the manifest finds all that it names.
  await writeWhole(join(outdir, 'manifest.json'), JSON.stringify(manifest, null, 2))
  // The files before these stay for the service that is still running and the pages it has sent.
  await removeOthers(outdir, [...Object.values(manifest), ...Object.values(previous)])
  return manifest
}

const shared = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  write: false as const,
  outdir: join(root, 'dist/assets'),
  entryNames: '[name].[hash]',
  assetNames: '[name].[hash]',
  target: ['chrome123', 'firefox128', 'safari17.5'],
  legalComments: 'none',
  logLevel: 'warning',
} satisfies BuildOptions

async function bundleScripts(): Promise<Asset[]> {
  const entryPoints = ['src/pages/client/main.ts', 'src/pages/client/auth.ts']
  const { outputFiles } = await esbuild({ ...shared, entryPoints, format: 'esm' })
  return outputFiles.map(asset)
}

async function bundleStyles(): Promise<Asset[]> {
  const entryPoints = ['src/pages/styles/main.css']
  const { outputFiles } = await esbuild({ ...shared, entryPoints, loader: { '.woff2': 'file' } })
  return outputFiles.map(asset)
}

async function readIcon(): Promise<Asset[]> {
  const contents = await readFile(join(root, 'src/pages/styles/icon.svg'))
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 8).toUpperCase()
  return [{ name: 'icon.svg', hashed: `icon.${hash}.svg`, contents }]
}

function asset({ path, contents }: OutputFile): Asset {
  const hashed = basename(path)
  return { name: hashed.replace(/\.[^.]+(?=\.\w+$)/, ''), hashed, contents }
}

const brotli = promisify(brotliCompress)
const gzipped = promisify(gzip)
const compressible = ['.js', '.css', '.svg']

async function writeAsset(outdir: string, { hashed, contents }: Asset) {
  const path = join(outdir, hashed)
  const encoders = {
    '': async () => contents,
    '.br': () => brotli(contents, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: contents.length } }),
    '.gz': () => gzipped(contents, { level: 9 }),
  }
  for (const [suffix, encode] of Object.entries(encoders)) {
    if (suffix && !compressible.includes(extname(path))) continue
    // The name holds the hash: a file that is there already is the same.
    if (!existsSync(path + suffix)) await writeWhole(path + suffix, await encode())
  }
}

/** By way of a rename, so that nobody ever reads half a file. */
async function writeWhole(path: string, contents: Uint8Array | string) {
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`
  await writeFile(draft, contents)
  await rename(draft, path)
}

async function readManifest(outdir: string): Promise<Manifest> {
  try {
    return JSON.parse(await readFile(join(outdir, 'manifest.json'), 'utf8'))
  } catch {
    return {}
  }
}

async function removeOthers(outdir: string, keep: readonly string[]) {
  const kept = new Set(['manifest.json', ...keep.flatMap((name) => [name, `${name}.br`, `${name}.gz`])])
  // Drafts belong to a build that is running beside this one.
  const stale = (await readdir(outdir)).filter((name) => !kept.has(name) && !name.endsWith('.tmp'))
  await Promise.all(stale.map((name) => rm(join(outdir, name), { force: true })))
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await build()
