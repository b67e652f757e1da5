import type { ColumnType } from 'kysely'

type Column<Value, Nullable extends boolean, Defaulted extends boolean> = {
  type: string
  nullable: Nullable
  defaulted: Defaulted
  value?: Value
}

function column<Value>(type: string) {
  return {
    required: { type, nullable: false, defaulted: false } as Column<Value, false, false>,
    nullable: { type, nullable: true, defaulted: false } as Column<Value, true, false>,
    defaulted: { type, nullable: false, defaulted: true } as Column<Value, false, true>,
  }
}

export const text = column<string>('text')
export const oneOf = <Value extends string>() => column<Value>('text')
export const texts = column<string[]>('ARRAY')
export const integer = column<number>('integer')
export const bigint = column<number>('bigint')
export const flag = column<boolean>('boolean')
export const uuid = column<string>('uuid')
export const time = column<Date>('timestamp with time zone')
export const bytes = column<Buffer>('bytea')
export const json = <Value>() => column<Value>('json')
export const jsonb = <Value>() => column<Value>('jsonb')

/** What a description of columns makes of a row for Kysely. */
export type RowType<C> =
  C extends Column<infer Value, infer Nullable, infer Defaulted>
    ? Nullable extends true
      ? ColumnType<Value | null, Value | null | undefined, Value | null>
      : Defaulted extends true
        ? ColumnType<Value, Value | undefined, Value>
        : Value
    : never
