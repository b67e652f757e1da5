import { existsSync } from 'node:fs'
import { chown, link, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { randomToken } from './secrets.ts'

/** The secret in `file`, made on the first call; starts that race for it all get the same one. */
export async function keptSecret(file: string): Promise<string> {
  if (!existsSync(file)) {
    const draft = `${file}.${randomToken(6)}`
    await writeFile(draft, randomToken(), { mode: 0o600, flush: true })
    const { uid, gid } = await stat(path.dirname(file))
    if (process.getuid?.() === 0) await chown(draft, uid, gid)
    await link(draft, file).catch((error) => {
      if (error.code !== 'EEXIST') throw error
    })
    await rm(draft)
  }
  return await readFile(file, 'utf8')
}
