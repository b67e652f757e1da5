import type { ComponentChildren } from 'preact'
import { classes } from './class-names.ts'

type CardProps = {
  /** Names the region; unique on the page. */
  id: string
  title: string
  text?: ComponentChildren
  action?: ComponentChildren
  danger?: boolean
  children?: ComponentChildren
}

export const Card = ({ id, title, text, action, danger, children }: CardProps) => (
  <section class={classes('card', danger && 'danger')} aria-labelledby={`${id}-title`}>
    <header>
      <div>
        <h2 id={`${id}-title`}>{title}</h2>
        {text && <p>{text}</p>}
      </div>
      {action}
    </header>
    {children}
  </section>
)

/** A card whose content speaks for itself, such as the only table of a page. */
export const PlainCard = ({ children }: { children: ComponentChildren }) => <div class="card">{children}</div>

export const CardBody = ({ children }: { children: ComponentChildren }) => <div class="body">{children}</div>

export type Fact = { term: string; children: ComponentChildren }

export const DefinitionList = ({ facts }: { facts: readonly Fact[] }) => (
  <dl class="facts open">
    {facts.map(({ term, children }) => (
      <div key={term}>
        <dt>{term}</dt>
        <dd>{children}</dd>
      </div>
    ))}
  </dl>
)
