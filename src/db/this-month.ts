import { sql } from 'kysely'

/** The month in which the transaction began, in UTC, such as 2026-05. */
export const thisMonth = sql<string>`to_char(now() at time zone 'UTC', 'YYYY-MM')`
