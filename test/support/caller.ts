import { type Answer, type Call, call } from './http.ts'

type Send = (path: string, body?: unknown, headers?: Call['headers']) => Promise<Answer>

export type Caller = {
  get(path: string, headers?: Call['headers']): Promise<Answer>
  post: Send
  patch: Send
  delete: Send
  call(call: Call): Promise<Answer>
}

/** Somebody who calls the service on this port, always with these headers. */
export function callerOn(port: number, headers: Call['headers'] = {}, prefix = ''): Caller {
  const send = (sent: Call) =>
    call(port, { ...sent, path: prefix + sent.path, headers: { ...headers, ...sent.headers } })
  const withBody =
    (method: string): Send =>
    (path, body, more = {}) =>
      send({ method, path, body, headers: more })
  return {
    get: (path, more = {}) => send({ path, headers: more }),
    post: withBody('POST'),
    patch: withBody('PATCH'),
    delete: withBody('DELETE'),
    call: send,
  }
}
