import { migrateUp, migrationStatus } from '../db/migrate.ts'
import { type Command, UsageError } from './command.ts'
import { withLocatedDatabase } from './with-database.ts'

export const migrate: Command = {
  summary: 'apply migrations (up) or list them (status)',
  usage: 'migrate up | status',
  run: async ({ config, words: [verb], say }) => {
    if (verb !== 'up' && verb !== 'status') throw new UsageError('say up or status')
    return withLocatedDatabase(config, async (located) => {
      if (verb === 'up') {
        const applied = await migrateUp(located)
        say(
          applied.length === 0
            ? 'Nothing to apply.'
            : `Applied:\n${applied.map((name) => `  ${name}`).join('\n')}`,
          { applied },
        )
        return 0
      }
      const migrations = await migrationStatus(located)
      const lines = migrations.map(({ name, appliedAt }) => `${name}  ${appliedAt ?? 'pending'}`)
      say(lines.join('\n'), { migrations })
      return migrations.every(({ appliedAt }) => appliedAt !== null) ? 0 : 1
    })
  },
}
