import Fastify from 'fastify'
import { listening, options } from './options.ts'
import { schemaOf } from './schema-of.ts'

const { method, path, status, answer, body } = options
const app = Fastify()
app.route({
  method,
  url: path,
  schema: {
    response: { [status]: schemaOf(answer) },
    ...(body === undefined ? {} : { body: schemaOf(body) }),
  },
  handler: async (_request, reply) => reply.code(status).send(answer),
})
await app.listen(listening)
