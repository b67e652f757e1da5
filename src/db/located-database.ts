import path from 'node:path'
import type { Config } from '../config.ts'
import { startEmbeddedPostgres } from './embedded-postgres.ts'

export type LocatedDatabase = {
  ownerUrl: string
  appUrl: string
  appRole: string
  /** An embedded server that another process of ours had running already. */
  isAdopted: boolean
  /** Stops the embedded server; does nothing for a database of the operator's. */
  stop: () => Promise<void>
}

/** The database of the settings, or the embedded one in DATA_DIR, started when it does not run yet. */
export async function locateDatabase(config: Config, log: (line: string) => void): Promise<LocatedDatabase> {
  const { url, ownerUrl, binaries } = config.database
  if (url) {
    const appRole = decodeURIComponent(new URL(url).username)
    return { ownerUrl: ownerUrl ?? url, appUrl: url, appRole, isAdopted: false, stop: async () => undefined }
  }
  const directory = path.resolve(config.dataDirectory)
  const embedded = await startEmbeddedPostgres({ directory, binaries, log })
  return {
    ownerUrl: embedded.ownerUrl,
    appUrl: embedded.appUrl,
    appRole: 'silver_app',
    isAdopted: embedded.adopted,
    stop: embedded.stop,
  }
}
