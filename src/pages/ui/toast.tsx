import { classes } from './class-names.ts'
import { Icon } from './icon.tsx'
import { UserText } from './text.tsx'

export type Flash = { title: string; text?: string | undefined; tone?: 'ok' | 'bad' | undefined }

export const Toast = ({ title, text, tone = 'ok' }: Flash) => (
  <div
    class={classes('toast', tone === 'bad' && 'bad')}
    data-toast={tone}
    role={tone === 'bad' ? 'alert' : undefined}
  >
    <Icon name={tone === 'bad' ? 'warning' : 'circleCheck'} />
    <div>
      <p class="strong" data-toast-title>
        <UserText>{title}</UserText>
      </p>
      {text && (
        <p class="quiet">
          <UserText>{text}</UserText>
        </p>
      )}
    </div>
    <button type="button" class="btn ghost square waits" aria-label="Dismiss" data-dismiss hidden>
      <Icon name="close" />
    </button>
  </div>
)

/** What the server has to say after a redirect. Without script it stays where it is; with one it becomes a toast. */
export const FlashPlace = ({ flash }: { flash: Flash | undefined }) => (
  <div id="flash" class="toasts" role="status">
    {flash && <Toast {...flash} />}
  </div>
)

/** Outside of what navigation replaces, so that a toast outlives it. The template is for the script's own toasts. */
export const ToastHost = () => (
  <>
    <div id="toasts" class="toasts" role="status" popover="manual" />
    <template id="toast-template">
      <Toast title="" tone="bad" />
    </template>
  </>
)
