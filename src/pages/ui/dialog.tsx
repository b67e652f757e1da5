import type { ComponentChildren } from 'preact'
import { classes } from './class-names.ts'
import { Form } from './form.tsx'
import { Icon } from './icon.tsx'
import { UserText } from './text.tsx'

type DialogProps = {
  id: string
  title: string
  text?: ComponentChildren
  /** The page without the dialog: where closing leads, with and without script. */
  back: string
  /** Only its own button closes it. */
  sticky?: boolean
  children: ComponentChildren
}

/** Rendered open, so it shows without script; the script makes it modal. */
export const Dialog = ({ id, title, text, back, sticky, children }: DialogProps) => (
  <dialog
    id={id}
    aria-labelledby={`${id}-title`}
    aria-describedby={text ? `${id}-text` : undefined}
    closedby={sticky ? 'none' : 'any'}
    data-modal
    data-back={back}
    data-sticky={sticky || undefined}
    open
  >
    {/* Not a header element: that would be the banner of the page. */}
    <div class="head">
      <div>
        <h2 id={`${id}-title`}>
          <UserText>{title}</UserText>
        </h2>
        {text && <p id={`${id}-text`}>{text}</p>}
      </div>
      {!sticky && (
        <CloseLink back={back} square>
          <Icon name="close" />
        </CloseLink>
      )}
    </div>
    {children}
  </dialog>
)

type CloseLinkProps = {
  back: string
  square?: boolean
  primary?: boolean
  autofocus?: boolean
  children: ComponentChildren
}

/** A link, so that it works without script; not boosted, because closing needs no request. */
const CloseLink = ({ back, square, primary, autofocus, children }: CloseLinkProps) => (
  <a
    class={classes('btn', square && 'ghost square', primary && 'primary')}
    href={back}
    aria-label={square ? 'Close' : undefined}
    data-close
    hx-boost="false"
    autofocus={autofocus || undefined}
  >
    {children}
  </a>
)

type DialogFormProps = {
  id: string
  action: string
  hidden?: Readonly<Record<string, string | undefined>>
  submit: string
  back: string
  /** Destroys something: Cancel has the focus, so that Enter does no harm. */
  danger?: boolean
  /** With danger, when there is something to type first: the field has the focus instead. */
  fieldFirst?: boolean
  children: ComponentChildren
}

export const DialogForm = ({ submit, back, danger, fieldFirst, children, ...form }: DialogFormProps) => (
  <Form {...form}>
    <div class="body">{children}</div>
    <div class="foot">
      <CloseLink back={back} autofocus={danger === true && !fieldFirst}>
        Cancel
      </CloseLink>
      <button type="submit" class={danger ? 'btn danger' : 'btn primary'}>
        {submit}
      </button>
    </div>
  </Form>
)

export const DialogBody = ({ children }: { children: ComponentChildren }) => (
  <div class="body">{children}</div>
)

export const DialogDone = ({ back, children }: { back: string; children: ComponentChildren }) => (
  <div class="foot">
    <CloseLink back={back} primary>
      {children}
    </CloseLink>
  </div>
)
