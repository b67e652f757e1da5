import { type FieldBase, FieldFrame, type LineError, wiring } from './field.tsx'
import { Icon } from './icon.tsx'

type TextAreaProps = FieldBase & {
  value?: string | undefined
  placeholder?: string
  /** For lists with one entry per line: which lines were refused, and why. */
  lineErrors?: readonly LineError[] | undefined
}

export const TextArea = ({ value = '', placeholder, lineErrors = [], ...field }: TextAreaProps) => (
  <FieldFrame field={field} lineErrors={lineErrors}>
    <textarea
      {...wiring(field, Boolean(field.error) || lineErrors.length > 0)}
      class="input mono"
      rows={3}
      placeholder={placeholder}
      autocomplete="off"
      autocapitalize="none"
      spellcheck={false}
      value={value}
    />
  </FieldFrame>
)

type PasswordProps = FieldBase & { autocomplete: 'current-password' | 'new-password' }

/** Never takes a value: a password is not sent back. */
export const PasswordField = ({ autocomplete, ...field }: PasswordProps) => {
  const attributes = wiring(field)
  return (
    <FieldFrame field={field}>
      <span class="with-inside">
        <input
          {...attributes}
          class="input"
          type="password"
          autocomplete={autocomplete}
          autocapitalize="none"
          spellcheck={false}
        />
        <button type="button" class="btn ghost small waits" data-reveal={attributes.id} hidden>
          <span>Show</span>
          <span class="sr-only"> password</span>
        </button>
      </span>
    </FieldFrame>
  )
}

type SelectProps = FieldBase & {
  value?: string | undefined
  options: readonly { value: string; label: string }[]
}

export const Select = ({ value, options, ...field }: SelectProps) => (
  <FieldFrame field={field}>
    <span class="with-inside">
      <select {...wiring(field)} class="input">
        {options.map((option) => (
          <option key={option.value} value={option.value} selected={option.value === value}>
            {option.label}
          </option>
        ))}
      </select>
      <Icon name="chevronDown" />
    </span>
  </FieldFrame>
)
