import { Icon } from './icon.tsx'

type Source =
  | { value: string; from?: undefined; prefix?: undefined }
  /** Copies the text of the element with this id, so that a secret stands in the page only once. */
  | { value?: undefined; from: string; prefix?: string }

type Props = Source & { label: string; text?: boolean; small?: boolean }

/** Waits, invisible, for the script: without one it could do nothing. */
export const CopyButton = ({ value, from, prefix, label, text, small }: Props) => (
  <button
    type="button"
    class={text ? (small ? 'btn small waits' : 'btn waits') : 'btn ghost square waits'}
    data-copy={value}
    data-copy-from={from}
    data-copy-prefix={prefix}
    aria-label={text ? undefined : label}
    hidden
  >
    <Icon name="copy" class="idle" />
    <Icon name="check" class="done" />
    {text && <span>{label}</span>}
  </button>
)
