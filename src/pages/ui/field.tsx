import type { ComponentChildren } from 'preact'
import { visible } from '../format.ts'
import { classes } from './class-names.ts'

/** What was wrong with each field, in words; absent when nothing was. */
export type Errors<Name extends string> = { readonly [Key in Name]?: string | undefined }

/** The first field with an error, whether of the whole or of a line. */
export const firstFaulty = <Name extends string>(
  errors: { readonly [Key in Name]?: unknown },
  order: readonly Name[],
): Name | undefined => order.find((name) => errors[name])

/** The field to put the cursor in: the first with an error, else the first. */
export const firstToFix = <Name extends string>(
  errors: { readonly [Key in Name]?: unknown },
  order: readonly [Name, ...Name[]],
): Name => firstFaulty(errors, order) ?? order[0]

export type LineError = { line: number; message: string }

export type FieldBase = {
  name: string
  label: string
  /** Only where a page has two fields of the same name. */
  id?: string
  hint?: ComponentChildren
  error?: string | undefined
  optional?: boolean
  autofocus?: boolean
}

const fieldId = ({ id, name }: Pick<FieldBase, 'id' | 'name'>) => `field-${id ?? name.replaceAll('_', '-')}`

/** The attributes that tie an input to its label, hint and error. */
export function wiring(field: FieldBase, faulty = Boolean(field.error)) {
  const id = fieldId(field)
  const described = [field.hint && `${id}-hint`, faulty && `${id}-error`].filter(Boolean).join(' ')
  return {
    id,
    name: field.name,
    'aria-invalid': faulty ? ('true' as const) : undefined,
    'aria-describedby': described || undefined,
    autofocus: field.autofocus || undefined,
  }
}

type FrameProps = { field: FieldBase; lineErrors?: readonly LineError[]; children: ComponentChildren }

/** Label above, hint and error below. */
export function FieldFrame({ field, lineErrors = [], children }: FrameProps) {
  const id = fieldId(field)
  return (
    <div class="field">
      <div class="label">
        <label for={id}>{field.label}</label>
        {field.optional && <span class="optional">Optional</span>}
      </div>
      {children}
      {field.hint && (
        <p class="hint" id={`${id}-hint`}>
          {field.hint}
        </p>
      )}
      {(field.error || lineErrors.length > 0) && (
        <div class="error" id={`${id}-error`}>
          {field.error && <p>{visible(field.error)}</p>}
          {lineErrors.map(({ line, message }) => (
            <p key={line}>{visible(`Line ${line}: ${message}`)}</p>
          ))}
        </div>
      )}
    </div>
  )
}

export type FieldProps = FieldBase & {
  type?: 'text' | 'email' | 'url'
  value?: string | undefined
  placeholder?: string
  autocomplete?: string
  mono?: boolean
}

export const Field = ({
  type = 'text',
  value,
  placeholder,
  autocomplete = 'off',
  mono,
  ...field
}: FieldProps) => (
  <FieldFrame field={field}>
    <input
      {...wiring(field)}
      class={classes('input', mono && 'mono')}
      // Preact has one type of attributes for each type of input; those of these three are the same.
      type={type as 'text'}
      value={value}
      placeholder={placeholder}
      autocomplete={autocomplete}
      autocapitalize={mono || type !== 'text' ? 'none' : undefined}
      spellcheck={mono ? false : undefined}
    />
  </FieldFrame>
)
