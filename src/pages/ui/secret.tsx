import type { ComponentChildren } from 'preact'
import { CopyButton } from './copy.tsx'
import { Icon } from './icon.tsx'
import { Note } from './note.tsx'

type Props = { secret: string; variable: string; children: ComponentChildren }

const valueId = 'secret-value'

/** A secret that is shown this once. It stands in the page a single time: the buttons read it from there. */
export const SecretReveal = ({ secret, variable, children }: Props) => (
  <>
    <Note tone="warn">{children}</Note>
    <div class="value">
      <code id={valueId} class="notranslate" data-secret>
        {secret}
      </code>
      <CopyButton from={valueId} label="Copy" text small />
    </div>
    <div class="cluster">
      <CopyButton from={valueId} prefix={`${variable}=`} label="Copy as .env line" text />
      <button
        type="button"
        class="btn waits"
        data-download-from={valueId}
        data-download-prefix={`${variable}=`}
        data-download-name="silver-auth.env"
        hidden
      >
        <Icon name="download" />
        <span>Download .env</span>
      </button>
    </div>
  </>
)
