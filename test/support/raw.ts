import net from 'node:net'

export type RawAnswer = { status: number; headers: Record<string, string>; text: string }

/** Writes bytes as they are on one connection and reads all answers until the server closes it. */
export function rawCall(port: number, ...chunks: (string | Buffer)[]): Promise<RawAnswer[]> {
  return new Promise((resolve, reject) => {
    const received: Buffer[] = []
    const socket = net.connect(port, '127.0.0.1', async () => {
      for (const chunk of chunks) await new Promise((sent) => socket.write(chunk, sent))
    })
    socket.on('data', (chunk) => received.push(chunk))
    socket.on('close', () => resolve(answersIn(Buffer.concat(received).toString('latin1'))))
    socket.on('error', reject)
  })
}

function answersIn(text: string): RawAnswer[] {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return []
  const [first = '', ...lines] = text.slice(0, end).split('\r\n')
  const status = Number(first.split(' ')[1])
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  )
  const rest = text.slice(end + 4)
  if (status === 100) return [{ status, headers, text: '' }, ...answersIn(rest)]
  const length = Number(headers['content-length'] ?? 0)
  return [{ status, headers, text: rest.slice(0, length) }, ...answersIn(rest.slice(length))]
}
