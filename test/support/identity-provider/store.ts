import type { Adapter, AdapterPayload } from 'oidc-provider'

/** What oidc-provider keeps, in memory and per provider: its own in-memory store is shared and warns on stderr. */
export function newStore() {
  const rows = new Map<string, { model: string; id: string; payload: AdapterPayload }>()
  const find = (model: string, matches: (payload: AdapterPayload) => boolean) =>
    [...rows.values()].filter((row) => row.model === model && matches(row.payload))

  const adapter = (model: string): Adapter => ({
    async upsert(id, payload) {
      rows.set(`${model}:${id}`, { model, id, payload })
    },
    async find(id) {
      return rows.get(`${model}:${id}`)?.payload
    },
    async findByUid(uid) {
      return find(model, (payload) => payload.uid === uid)[0]?.payload
    },
    async findByUserCode(userCode) {
      return find(model, (payload) => payload.userCode === userCode)[0]?.payload
    },
    async consume(id) {
      const row = rows.get(`${model}:${id}`)
      if (row) row.payload.consumed = Math.floor(Date.now() / 1000)
    },
    async destroy(id) {
      rows.delete(`${model}:${id}`)
    },
    async revokeByGrantId(grantId) {
      for (const row of find(model, (payload) => payload.grantId === grantId))
        rows.delete(`${model}:${row.id}`)
    },
  })

  return {
    adapter,
    ageSessions(sub: string, seconds: number): void {
      for (const { payload } of find('Session', ({ accountId }) => accountId === sub))
        payload.loginTs = (payload.loginTs ?? 0) - seconds
    },
    /** The person's sessions, oldest first, each with the `sid` that it has at a client. */
    sessionsOf(sub: string, clientId: string): { id: string; sid: string | undefined }[] {
      return find('Session', (payload) => payload.accountId === sub).map(({ id, payload }) => ({
        id,
        sid: payload.authorizations?.[clientId]?.sid,
      }))
    },
  }
}

export type Store = ReturnType<typeof newStore>
