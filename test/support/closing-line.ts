import type { Reporter, TestModule } from 'vitest/node'
import { missingTools } from './tools.ts'

/** Says at the end, on one plain line, how many tests ran, and which programs were missing for those left out. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]) {
    const counts = { passed: 0, failed: errors.length, skipped: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed' || state === 'failed' || state === 'skipped') counts[state]++
      }
      if (!module.ok() && module.errors().length > 0) counts.failed++
    }
    const missing = missingTools()
    const lines = [
      ...(missing.length > 0 ? [`Tests that need these programs were left out: ${missing.join(', ')}`] : []),
      `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`,
    ]
    process.stdout.write(`\n${lines.join('\n')}\n`)
  }
}
