import autocannon from 'autocannon'
import type { Generator } from './load.ts'

/** autocannon in this process, which does nothing else meanwhile. Each connection has a share of the requests of its own. */
export const autocannonGenerator: Generator = {
  name: 'autocannon',
  async run({ port, requests, connections, seconds, once }) {
    let client = 0
    const result = await autocannon({
      url: `http://127.0.0.1:${port}`,
      connections,
      requests: requests.slice(0, 1),
      ...(once ? { amount: requests.length } : { duration: seconds }),
      setupClient(connection) {
        const own = client++ % connections
        const share = requests.filter((_, index) => index % connections === own)
        connection.setRequests(share.length > 0 ? share : requests)
      },
    })
    return {
      requests: result.requests.total,
      seconds: result.duration,
      refused: result['4xx'] + result['5xx'],
      broken: result.errors,
      p50Ms: result.latency.p50,
      p99Ms: result.latency.p99,
    }
  },
}
