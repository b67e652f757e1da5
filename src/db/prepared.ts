import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely'
import type { Db, Tx } from './database.ts'
import type { Schema } from './schema.ts'

const names = new Map<string, string>()

/** The name under which a registered statement is sent; undefined for any other text. */
export function statementName(text: string): string | undefined {
  return names.get(text)
}

const compiler = new Kysely<Schema>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

class Parameter {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

type Build<Input, Row> = (
  db: Db,
  parameter: <Name extends keyof Input & string>(name: Name) => Input[Name],
) => { compile(): CompiledQuery<Row> }

/** Compiles a hot query once, at load; each call then only fills its parameters in and sends it as a named statement. */
export function prepare<Input extends Record<string, unknown>>() {
  return <Row>(name: string, build: Build<Input, Row>) => {
    const query = build(compiler, (parameter) => new Parameter(parameter) as never).compile()
    names.set(query.sql, name)
    return async (db: Db | Tx, input: Input): Promise<Row[]> => {
      const parameters = query.parameters.map((value) =>
        value instanceof Parameter ? input[value.name] : value,
      )
      return (await db.executeQuery<Row>({ ...query, parameters })).rows
    }
  }
}
