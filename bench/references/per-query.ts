import { createHash } from 'node:crypto'
import Fastify from 'fastify'
import pg from 'pg'
import { listening, options } from './options.ts'
import { schemaOf } from './schema-of.ts'

const pool = new pg.Pool({ connectionString: options.databaseUrl, max: 20 })
const app = Fastify()

const text = `select k.prefix, p.id, p.slug, p.name, o.slug as organization_slug, o.name as organization_name, now() as checked_at
  from secret_keys k join projects p on p.id = k.project_id join organizations o on o.id = p.organization_id
  where k.hash = $1 and (k.expires_at is null or k.expires_at > now()) and o.deleted_at is null and p.status = 'active'`

app.get(
  '/v1/backend/application',
  { schema: { response: { 200: schemaOf(options.answer) } } },
  async (request) => {
    const key = request.headers.authorization?.slice('Bearer '.length) ?? ''
    const values = [createHash('sha256').update(key).digest()]
    const { rows } = await pool.query({ name: 'check', text, values })
    const [row] = rows
    if (!row) throw new Error('unknown key')
    return {
      ok: true,
      application: {
        id: row.id,
        slug: row.slug,
        name: row.name,
        status: 'active',
        secretKeyPrefix: row.prefix,
      },
      organization: { slug: row.organization_slug, name: row.organization_name },
      checkedAt: row.checked_at.toISOString(),
    }
  },
)
await app.listen(listening)
