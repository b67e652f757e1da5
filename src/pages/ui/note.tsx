import type { ComponentChildren } from 'preact'
import { classes } from './class-names.ts'
import { Icon, type IconName } from './icon.tsx'
import { UserText } from './text.tsx'

type Tone = 'info' | 'ok' | 'warn' | 'bad'

const icons: Record<Tone, IconName> = { info: 'info', ok: 'circleCheck', warn: 'warning', bad: 'warning' }

type NoteProps = { tone?: Tone; children: ComponentChildren }

export const Note = ({ tone = 'info', children }: NoteProps) => (
  <div class={classes('note', tone !== 'info' && tone)}>
    <Icon name={icons[tone]} />
    <div>{children}</div>
  </div>
)

/** Says at once why the page did not do what was asked. */
export const Banner = ({ text }: { text: string }) => (
  <div class="note bad" role="alert">
    <Icon name="warning" />
    <div>
      <UserText>{text}</UserText>
    </div>
  </div>
)

type EmptyProps = { icon: IconName; title: string; children: ComponentChildren; action?: ComponentChildren }

export const Empty = ({ icon, title, children, action }: EmptyProps) => (
  <div class="empty">
    <Icon name={icon} />
    <p class="strong">{title}</p>
    <p class="small quiet">{children}</p>
    {action && <div class="cluster">{action}</div>}
  </div>
)
