import { once } from 'node:events'
import http from 'node:http'

export type Exposition = { contentType: string; metrics: () => Promise<string> }

/** Serves `GET /metrics` and nothing else on an address of its own, which is not for the public. */
export async function startMetricsServer(
  { host, port }: { host: string; port: number },
  exposition: Exposition,
): Promise<{ stop: () => Promise<void> }> {
  const server = http.createServer(async (request, response) => {
    const isKnown = request.url === '/metrics' && ['GET', 'HEAD'].includes(request.method ?? '')
    if (!isKnown) return void response.writeHead(404).end()
    try {
      const text = await exposition.metrics()
      response.writeHead(200, { 'content-type': exposition.contentType }).end(text)
    } catch {
      response.writeHead(500).end()
    }
  })
  server.listen(port, host)
  await once(server, 'listening')
  return {
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
