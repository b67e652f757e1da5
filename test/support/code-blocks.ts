import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { projectRoot } from './spawned.ts'

/** The code blocks of a page, of one language and, with `below`, of one chapter. */
export async function codeBlocks(file: string, { language = 'sh', below = '' } = {}): Promise<string[]> {
  const text = await readFile(path.join(projectRoot, file), 'utf8')
  const [part = ''] = text.slice(text.indexOf(below) + below.length).split(below ? /^## /m : /$^/)
  return [...part.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, block = '']) => block,
  )
}
