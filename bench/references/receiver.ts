import { createServer, type ServerResponse } from 'node:http'
import { listening } from './options.ts'

let hangs = false
const held: ServerResponse[] = []
const answer = (response: ServerResponse) => response.writeHead(204).end()

/** Answers at once, except at `/hanging` from `/hang` until `/answer`. */
createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    if (request.url === '/hang') hangs = true
    if (request.url === '/answer') {
      hangs = false
      for (const waiting of held.splice(0)) answer(waiting)
    }
    if (hangs && request.url === '/hanging') held.push(response)
    else answer(response)
  })
}).listen(listening)
