import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { errorCatalogue } from '../src/errors.ts'

const root = path.join(import.meta.dirname, '..')
const source = path.join(root, 'src')

type File = { name: string; text: string; lines: number; imports: string[] }

function filesIn(directory: string): File[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => {
      const text = readFileSync(path.join(directory, name), 'utf8')
      const imports = [...text.matchAll(/from '(\.[^']+)'|import '(\.[^']+)'/g)].map((match) =>
        path.join(path.dirname(name), match[1] ?? match[2] ?? ''),
      )
      return { name, text, lines: text.split('\n').length, imports }
    })
}

const files = filesIn(source)
const named = (pattern: RegExp) => files.filter(({ name }) => pattern.test(name))

/** Of each kind of file, what of ours it may import; a type is an import too. */
const rules: [kind: RegExp, mayImport: RegExp][] = [
  [/^(errors|roles)\.ts$/, /^$/],
  [/^actors\.ts$/, /^roles\.ts$/],
  [/^lib\//, /^(lib\/|errors\.ts)/],
  [/^db\//, /^(db\/|lib\/|errors\.ts|config\.ts)/],
  [/^change\//, /^(change\/|db\/|lib\/|errors\.ts|actors\.ts|context\.ts)/],
  [/^http\//, /^(http\/|change\/|lib\/|errors\.ts|actors\.ts|roles\.ts|config\.ts|context\.ts)/],
  [/^features\/.*queries\.ts$/, /^(db\/|lib\/)/],
  [/^features\/.*-routes\.ts$/, /^(features\/|http\/|lib\/|errors\.ts|actors\.ts|roles\.ts|context\.ts)/],
  [
    /^features\//,
    /^(features\/|change\/|db\/|http\/|lib\/|errors\.ts|actors\.ts|roles\.ts|config\.ts|context\.ts)/,
  ],
  [/^pages\/client\//, /^pages\/(client\/|format\.ts)/],
  [/^pages\/(ui|layouts)\/|\.(page|dialog)\.tsx$/, /^pages\//],
  [
    /^pages\//,
    /^(pages\/|features\/|change\/|http\/|lib\/|errors\.ts|actors\.ts|roles\.ts|config\.ts|context\.ts)/,
  ],
]

describe('imports', () => {
  it.each(files.map((file) => [file.name, file] as const))(
    '%s imports only what its kind may',
    (name, { imports }) => {
      const rule = rules.find(([kind]) => kind.test(name))
      if (!rule) return
      expect(imports.filter((imported) => !rule[1].test(imported))).toEqual([])
    },
  )

  it('keeps the queries of a feature inside it', () => {
    const strangers = named(/^features\//).flatMap(({ name, imports }) =>
      imports
        .filter(
          (imported) => imported.endsWith('queries.ts') && path.dirname(imported) !== path.dirname(name),
        )
        .map((imported) => `${name} imports ${imported}`),
    )
    expect(strangers).toEqual([])
  })

  it('keeps Fastify out of use cases and queries', () => {
    const useCases = named(/^features\//).filter(
      ({ name }) => !/-routes\.ts$|authenticate\.ts$|schemas\.ts$/.test(name),
    )
    expect(
      useCases.filter(({ text }) => /from '(@?fastify|@fastify)/.test(text)).map(({ name }) => name),
    ).toEqual([])
  })
})

describe('places', () => {
  it('has SQL only in queries and in the database folder', () => {
    const builders = /\bsql`|\.(selectFrom|insertInto|updateTable|deleteFrom)\(/
    const allowed = /(^|\/|-)queries\.ts$|^db\//
    expect(
      files.filter(({ name, text }) => builders.test(text) && !allowed.test(name)).map(({ name }) => name),
    ).toEqual([])
  })

  it('opens transactions only in change', () => {
    expect(files.filter(({ text }) => /\.transaction\(\)/.test(text)).map(({ name }) => name)).toEqual([
      'change/change.ts',
    ])
  })

  it('reads the environment only in main', () => {
    expect(files.filter(({ text }) => text.includes('process.env')).map(({ name }) => name)).toEqual([
      'main.ts',
    ])
  })

  it('sends to addresses that customers choose only by the guarded way', () => {
    const doors = files.filter(({ text }) => /from 'undici'/.test(text)).map(({ name }) => name)
    expect(doors.filter((name) => !name.startsWith('lib/safe-fetch/'))).toEqual([])
    const ways = /\bfetch\(|from '(node:https?|node:net|node:tls)'/
    expect(
      named(/^features\/webhooks\//)
        .filter(({ text }) => ways.test(text))
        .map(({ name }) => name),
    ).toEqual([])
  })

  it('has classes only for errors and for what a library wants as a class', () => {
    const classes = files.flatMap(({ name, text }) =>
      [...text.matchAll(/\bclass (\w+)( extends (\w+))?/g)]
        .filter(([, , , parent]) => parent !== 'Error')
        .map(([, found]) => `${name} ${found}`),
    )
    expect(classes.sort()).toEqual(['db/prepared.ts Parameter'])
  })

  it('has no barrel and no utils', () => {
    expect(named(/(^|\/)(index|utils?|helpers?)\.tsx?$/).map(({ name }) => name)).toEqual([])
  })
})

describe('size', () => {
  it('has no file over 250 lines, one of ten at most over 150', () => {
    expect(files.filter(({ lines }) => lines > 250).map(({ name, lines }) => `${name} ${lines}`)).toEqual([])
    const sorted = files.map(({ lines }) => lines).sort((a, b) => a - b)
    expect(sorted[Math.floor(sorted.length * 0.9)]).toBeLessThanOrEqual(150)
  })
})

describe('error codes', () => {
  const all = files.map(({ text }) => text).join('\n')
  it.each(Object.keys(errorCatalogue))('%s is thrown somewhere', (code) => {
    const uses = all.split(`'${code}'`).length - 1
    expect(uses).toBeGreaterThan(0)
  })
})

describe('the lock file', () => {
  it('names every platform package that package.json names', () => {
    const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
    const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'))
    for (const [name, version] of Object.entries(manifest.optionalDependencies)) {
      expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version)
    }
  })

  it('pins every dependency exactly', () => {
    const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
    const versions = {
      ...manifest.dependencies,
      ...manifest.devDependencies,
      ...manifest.optionalDependencies,
    }
    expect(Object.entries(versions).filter(([, version]) => !/^\d/.test(String(version)))).toEqual([])
  })
})
