import net from 'node:net'
import { listening } from './options.ts'

const body = JSON.stringify({ answer: 'x'.repeat(240) })
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
)

// Answers whatever comes without reading it: what the load generator manages here is all it can.
net
  .createServer((socket) => {
    socket.setNoDelay(true)
    socket.on('data', () => socket.write(answer))
    socket.on('error', () => undefined)
  })
  .listen(listening)
