import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { plainEnvironment, projectRoot, run } from './spawned.ts'
import { tool } from './tools.ts'

export type ComposeService = {
  image?: string
  build?: unknown
  cap_add?: string[]
  environment?: Record<string, string | null>
  healthcheck?: { test?: string[] }
  networks: Record<string, unknown>
  ports?: { published: number }[]
  profiles?: string[]
  stop_grace_period?: string
  tmpfs?: string[]
  user?: string
  volumes?: string[]
  [more: string]: unknown
}
type Composed = {
  services: Record<string, ComposeService>
  networks: Record<string, { internal?: boolean; ipam?: { config: { subnet: string }[] } }>
}

/** docker-compose.yml as docker-compose understands it with this text as its .env file; rejects with what it says. */
export async function compose(dotEnv: string): Promise<Composed> {
  const directory = await mkdtemp(path.join(tmpdir(), 'silver-compose-'))
  try {
    const file = path.join(directory, 'env')
    await writeFile(file, dotEnv)
    const names = [...dotEnv.matchAll(/^\w+/gm)].map(([name]) => name)
    const env = plainEnvironment()
    for (const name of [...names, 'COMPOSE_PROFILES', 'COMPOSE_FILE']) delete env[name]
    const words = ['--env-file', file, '--file', path.join(projectRoot, 'docker-compose.yml'), 'config']
    const { code, output } = await run(tool('docker-compose') ?? 'docker-compose', words, { env })
    if (code !== 0) throw new Error(output)
    // The program is written in Python and brings a YAML parser along.
    const parsed = path.join(directory, 'yaml')
    await writeFile(parsed, output)
    const toJson = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))'
    const json = await run('python3', ['-c', toJson, parsed], { env })
    const composed = JSON.parse(json.output) as Composed
    // `config` shows the services of all profiles; `up` leaves out those of profiles that are not chosen.
    const [, chosen = ''] = /^COMPOSE_PROFILES=(.*)$/m.exec(dotEnv) ?? []
    const isStarted = ([, { profiles }]: [string, ComposeService]) =>
      !profiles || profiles.some((profile) => chosen.split(',').includes(profile))
    const services = Object.fromEntries(Object.entries(composed.services).filter(isStarted))
    return { ...composed, services }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
