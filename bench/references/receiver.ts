import { createServer } from 'node:http'
import { listening } from './options.ts'

createServer((request, response) => {
  request.resume()
  request.on('end', () => response.writeHead(204).end())
}).listen(listening)
