// `npm run smoke`: reads the environment, prints one line per check, exits 0 or 1.
import { smoke, smokeLine } from './smoke.js'

const { process } = globalThis as unknown as {
  process: { stdout: { write(text: string): void }; exitCode: number }
}
const { ok } = await smoke({}, (check) => process.stdout.write(`${smokeLine(check)}\n`))
process.exitCode = ok ? 0 : 1
