import type { ComponentChildren } from 'preact'
import { visible } from '../format.ts'

type RadiosProps = {
  name: string
  legend: string
  value: string
  error?: string | undefined
  autofocus?: boolean
  options: readonly { value: string; label: string; effect: ComponentChildren }[]
}

/** One of a few, each with its effect in words. */
export const RadioGroup = ({ name, legend, value, error, autofocus, options }: RadiosProps) => {
  const errorId = `field-${name.replaceAll('_', '-')}-error`
  return (
    <fieldset class="field" aria-describedby={error ? errorId : undefined}>
      <legend>{legend}</legend>
      <div class="choices">
        {options.map((option) => (
          <label key={option.value}>
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              autofocus={(autofocus && option.value === value) || undefined}
            />
            <span>{option.label}</span>
            <small>{option.effect}</small>
          </label>
        ))}
      </div>
      {error && (
        <p class="error" id={errorId}>
          {visible(error)}
        </p>
      )}
    </fieldset>
  )
}
