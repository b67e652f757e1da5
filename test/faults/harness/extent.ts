/** How much is tried: `npm run test:faults` sets a seed and asks for more rounds; without it, a short run. */
const rounds = Number(process.env.FAULTS_ROUNDS ?? 0)

export const extent = {
  isLong: rounds > 0,
  rounds,
  seed: Number(process.env.FAULTS_SEED ?? Date.now() % 1_000_000_000),
}

/** The first in a short run, all in a long one. */
export const fewOrAll = <T>(all: T[], few = 1): T[] => (extent.isLong ? all : all.slice(0, few))
