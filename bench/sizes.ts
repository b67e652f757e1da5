/** How much a run does. Every number that decides how long it takes stands here. */
export type Sizes = {
  /** Organizations with an owner, a project, a key and sessions each; so many different credentials are in use. */
  tenants: number
  /** Interleaved slices of each subject, and how long each of them lasts. */
  slices: number
  sliceSeconds: number
  /** Before the first slice, when everything was asked once. */
  warmSeconds: number
  /** Keys for one slice in which no key may come twice. */
  coldKeys: number
  /** Projects in the two databases whose speed is compared. */
  growth: [small: number, large: number]
  revocations: number
  /** Events in each round of P7, with one delivery each. */
  deliveries: number
  /** Of P7b, and how long each of its four parts is measured. A first attempt that hangs ends within 16 seconds. */
  hangs: { rounds: number; seconds: number }
  /** Entries in the two audit logs of which pages are compared. */
  auditRows: [small: number, large: number]
  /** What a claim finds. */
  queue: { old: number; pending: number }
  floods: number
  floodSeconds: number
  starts: number
  idleSeconds: number
  addresses: number
}

export const full: Sizes = {
  tenants: 10_000,
  slices: 8,
  sliceSeconds: 2,
  warmSeconds: 3,
  coldKeys: 30_000,
  growth: [1_000, 1_000_000],
  revocations: 200,
  deliveries: 5_000,
  hangs: { rounds: 3, seconds: 16 },
  auditRows: [10_000, 10_000_000],
  queue: { old: 1_000_000, pending: 100_000 },
  floods: 3,
  floodSeconds: 15,
  starts: 5,
  idleSeconds: 60,
  addresses: 1_000_000,
}

/** Whether everything works and roughly where it stands; no figure to quote. */
export const quick: Sizes = {
  tenants: 500,
  slices: 2,
  sliceSeconds: 1,
  warmSeconds: 1,
  coldKeys: 10_000,
  growth: [200, 20_000],
  revocations: 10,
  deliveries: 1_000,
  hangs: { rounds: 1, seconds: 4 },
  auditRows: [10_000, 100_000],
  queue: { old: 50_000, pending: 30_000 },
  floods: 1,
  floodSeconds: 2,
  starts: 1,
  idleSeconds: 3,
  addresses: 20_000,
}
