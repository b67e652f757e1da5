import { chmod, cp, mkdir, readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { plainEnvironment, projectRoot, run } from './spawned.ts'

export type Instruction = { name: string; text: string }
export type Stage = { name: string; image: string; instructions: Instruction[] }

/** The stages of the repository's Dockerfile, in order; a stage without a name is `final`. */
export async function readStages(): Promise<Stage[]> {
  const text = await readFile(path.join(projectRoot, 'Dockerfile'), 'utf8')
  const stages: Stage[] = []
  for (const line of text
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ')
    .split('\n')) {
    const [name = '', ...words] = line.trim().split(/\s+/)
    const [image = '', , stage = 'final'] = words
    if (name === 'FROM') stages.push({ name: stage, image, instructions: [] })
    else if (name) stages.at(-1)?.instructions.push({ name, text: line.trim().slice(name.length).trim() })
  }
  return stages
}

/** The texts of a stage's instructions of one kind. */
export const textsOf = (stage: Stage | undefined, name: string): string[] =>
  (stage?.instructions ?? []).filter((one) => one.name === name).map(({ text }) => text)

/** Whether .dockerignore keeps this path of the folder out: the last line that fits decides. */
export async function ignoreRule(): Promise<(file: string) => boolean> {
  const text = await readFile(path.join(projectRoot, '.dockerignore'), 'utf8')
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return (file) => {
    const rule = lines.findLast((line) => {
      const pattern = line.replace('!', '')
      return pattern === '*' || file === pattern || file.startsWith(`${pattern}/`)
    })
    return rule !== undefined && !rule.startsWith('!')
  }
}

/**
 * Does by hand what `docker build` would: each stage is a directory in `workshop`, its COPY and RUN lines are executed there.
 * Files come as from a checkout that only its owner may read.
 */
export async function buildByHand(workshop: string): Promise<{ root: string; stage: Stage }> {
  const stages = await readStages()
  for (const stage of stages) {
    const root = path.join(workshop, stage.name)
    let directory = root
    for (const { name, text } of stage.instructions) {
      if (name === 'WORKDIR') directory = path.join(root, text)
      await mkdir(directory, { recursive: true })
      if (name === 'COPY') await copy(workshop, directory, text.split(/\s+/))
      if (name === 'RUN') await execute(text, directory)
    }
  }
  const stage = stages.at(-1)
  if (!stage) throw new Error('the Dockerfile has no stage')
  return { root: path.join(workshop, stage.name), stage }
}

async function copy(workshop: string, directory: string, words: string[]) {
  const [, from] = /^--from=(\w+)$/.exec(words[0] ?? '') ?? []
  const [target = '.', ...sources] = words.slice(from ? 1 : 0).reverse()
  const isIgnored = await ignoreRule()
  for (const source of sources) {
    const origin = from ? path.join(workshop, from, source) : path.join(projectRoot, source)
    if (!from && isIgnored(source)) throw new Error(`.dockerignore keeps ${source} out`)
    // A folder is copied as its contents; into a target with a slash goes the file itself.
    const goal = path.join(directory, target, target.endsWith('/') ? path.basename(source) : '')
    await cp(origin, goal, { recursive: true, verbatimSymlinks: true })
    if (!from) await makePrivate(goal)
  }
}

async function makePrivate(file: string) {
  const { mode } = await stat(file)
  await chmod(file, mode & 0o700)
  if (!(await stat(file)).isDirectory()) return
  for (const name of await readdir(file)) await makePrivate(path.join(file, name))
}

async function execute(command: string, directory: string) {
  const PATH = `${path.dirname(process.execPath)}:${process.env.PATH}`
  const env = plainEnvironment({ PATH, npm_config_prefer_offline: 'true' })
  const { code, output } = await run('sh', ['-c', command], { cwd: directory, env })
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${output}`)
}
