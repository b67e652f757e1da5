import type { ComponentChildren } from 'preact'
import { classes } from './class-names.ts'
import { Icon } from './icon.tsx'

export type Column<Row> = {
  label: string
  /** The label is for the ear only, as above a column of buttons. */
  silent?: boolean
  cell: (row: Row) => ComponentChildren
  /** Under 768 px a second line below the cell, in place of the columns that are left out there. */
  second?: (row: Row) => ComponentChildren
  /** Left out under 768 px. */
  wide?: boolean
  align?: 'end'
  snug?: boolean
}

type Props<Row> = {
  label: string
  /** The first column names its row. */
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  rowId: (row: Row) => string
  /** Where a row leads: shows a chevron under 768 px, where the whole row is the link. */
  leads?: boolean
}

const look = <Row,>({ wide, align, snug }: Column<Row>) => classes(wide && 'wide', align, snug && 'snug')

export const Table = <Row,>({ label, columns, rows, rowId, leads }: Props<Row>) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that can scroll must be reachable by keyboard
  <section class="scroll" aria-label={label} tabIndex={0}>
    <table class="table">
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.label} scope="col" class={look(column)}>
              {column.silent ? <span class="sr-only">{column.label}</span> : column.label}
            </th>
          ))}
          {leads && <td class="chevron" />}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={rowId(row)} id={`row-${rowId(row)}`}>
            {columns.map((column, index) => {
              const content = (
                <>
                  {column.cell(row)}
                  {column.second && <span class="second">{column.second(row)}</span>}
                </>
              )
              return index === 0 ? (
                <th key={column.label} scope="row" class={look(column)}>
                  {content}
                </th>
              ) : (
                <td key={column.label} class={look(column)}>
                  {content}
                </td>
              )
            })}
            {leads && (
              <td class="chevron">
                <Icon name="chevronRight" />
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  </section>
)

export const RowLink = ({ href, children }: { href: string; children: ComponentChildren }) => (
  <a class="row-link" href={href}>
    {children}
  </a>
)
