import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { projectRoot } from './spawned.ts'

const own = path.join(projectRoot, 'migrations')

/** Puts there the migrations of the version before: all but the newest, which is returned, and no privileges on what that makes. */
export async function copyMigrationsBefore(directory: string): Promise<string> {
  const files = (await readdir(own)).filter((name) => /^\d{4}_/.test(name)).sort()
  const texts = await Promise.all(files.map((name) => readFile(path.join(own, name), 'utf8')))
  const older = texts.slice(0, -1).join()
  const made = [...(texts.at(-1) ?? '').matchAll(/^create (?:table|function) (\w+)/gm)].map(
    ([, name]) => name,
  )
  let grants = await readFile(path.join(own, 'grants.sql'), 'utf8')
  for (const name of made)
    if (!new RegExp(`^create (?:table|function) ${name}\\b`, 'm').test(older))
      grants = grants.replace(new RegExp(`,\\s*${name}\\b`), '')
  await writeFile(path.join(directory, 'grants.sql'), grants)
  for (const [index, name] of files.slice(0, -1).entries())
    await writeFile(path.join(directory, name), texts[index] ?? '')
  return path.basename(files.at(-1) ?? '', '.sql')
}
