import { once } from 'node:events'
import { createServer } from 'node:http'
import { afterAll, beforeAll } from 'vitest'

/** A page that does what its scripts are told, with no policy of its own, and keeps every address it is asked for. */
export function startHostileApp(ports: number[]) {
  const visits: URL[] = []
  const servers = ports.map(() =>
    createServer((request, response) => {
      visits.push(new URL(request.url ?? '/', `https://${request.headers.host}`))
      response.setHeader('content-type', 'text/html')
      response.end('<!doctype html><title>Win</title><link rel="icon" href="data:,"><h1>Win</h1>')
    }),
  )
  beforeAll(() =>
    Promise.all(servers.map((server, at) => once(server.listen(ports[at], '127.0.0.1'), 'listening'))),
  )
  afterAll(() => {
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
  })
  return {
    /** Arrivals with anything of a sign-in. */
    arrivals: () =>
      visits.filter(({ searchParams }) => searchParams.has('code') || searchParams.has('state')),
  }
}
