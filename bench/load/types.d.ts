declare module 'autocannon' {
  type Request = { method?: string; path: string; headers?: Record<string, string>; body?: string }
  type Result = {
    duration: number
    requests: { total: number }
    latency: { p50: number; p99: number }
    '4xx': number
    '5xx': number
    errors: number
  }
  type Options = {
    url: string
    connections: number
    duration?: number
    amount?: number
    timeout?: number
    requests: Request[]
    setupClient?: (client: { setRequests(requests: Request[]): void }) => void
  }
  export default function autocannon(options: Options): PromiseLike<Result>
}
