import type { ComponentChildren } from 'preact'
import { isoTime, type Moment, number, relativeTime, utcTime, visible } from '../format.ts'
import { classes } from './class-names.ts'
import { CopyButton } from './copy.tsx'

/** Text from data: cannot reorder its surroundings, and what would be invisible in it is spelled out. */
export const UserText = ({ children }: { children: string }) => <bdi>{visible(children)}</bdi>

export const Quiet = ({ children }: { children: ComponentChildren }) => <span class="quiet">{children}</span>

export const Small = ({ children, quiet }: { children: ComponentChildren; quiet?: boolean }) => (
  <p class={classes('small', quiet && 'quiet')}>{children}</p>
)

export const Mono = ({ children }: { children: string }) => (
  <code class="mono notranslate">{visible(children)}</code>
)

export const TextLink = ({ href, children }: { href: string; children: ComponentChildren }) => (
  <a class="link" href={href}>
    {children}
  </a>
)

/** Relative to now; the full time is its title. The script turns UTC into local time and keeps it fresh. */
export const Time = ({ at, none = 'Never' }: { at: Moment | null; none?: string }) =>
  at === null ? (
    <Quiet>{none}</Quiet>
  ) : (
    <time dateTime={isoTime(at)} title={utcTime(at)} data-time="relative">
      {relativeTime(at)}
    </time>
  )

export const FullTime = ({ at }: { at: Moment }) => (
  <time dateTime={isoTime(at)} data-time="full">
    {utcTime(at)}
  </time>
)

const tailLength = 6

/** An identifier to recognise and to copy. When room is short its middle disappears, never its start. */
export const Id = ({ value, label }: { value: string; label: string }) => (
  <span class="id">
    <code class="notranslate">
      <span class="id-start">{visible(value.slice(0, -tailLength))}</span>
      <span>{visible(value.slice(-tailLength))}</span>
    </code>
    <CopyButton value={value} label={`Copy ${label}`} />
  </span>
)

/** How much of a limit is used, in words: "4 of 5 projects". */
export const Meter = ({ used, limit, unit }: { used: number; limit: number; unit: string }) => (
  <span class={classes('meter', used >= limit && 'full')}>
    {number(used)} of {number(limit)} {unit}
  </span>
)
