import { urls } from './urls.ts'

/** What scripts/build.ts writes to dist/assets/manifest.json: plain name → hashed file name. */
export type Manifest = Readonly<Record<string, string>>

export type Assets = { css: string; script: string; icon: string; font: string }

/** The addresses of the files that one kind of page loads. */
export function assetsOf(manifest: Manifest, script: 'main' | 'auth'): Assets {
  const file = (name: string) => {
    const hashed = manifest[name]
    if (!hashed) throw new Error(`The asset manifest has no ${name}: run the build.`)
    return urls.asset(hashed)
  }
  return {
    css: file('main.css'),
    script: file(`${script}.js`),
    icon: file('icon.svg'),
    font: file('geist-latin-wght-normal.woff2'),
  }
}
