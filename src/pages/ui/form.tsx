import type { ComponentChildren } from 'preact'
import { Button } from './button.tsx'

type HiddenFields = Readonly<Record<string, string | undefined>>

export const Hidden = ({ fields }: { fields: HiddenFields }) => (
  <>
    {Object.entries(fields).map(([name, value]) =>
      value === undefined ? null : <input key={name} type="hidden" name={name} value={value} />,
    )}
  </>
)

type FormProps = { id: string; action: string; hidden?: HiddenFields; children: ComponentChildren }

/** The server alone judges what was typed, hence novalidate. */
export const Form = ({ id, action, hidden = {}, children }: FormProps) => (
  <form id={id} method="post" action={action} novalidate>
    <Hidden fields={hidden} />
    {children}
  </form>
)

type CardFormProps = FormProps & { submit: string; note?: ComponentChildren }

/** Fills a card: fields, then a strip with the button. */
export const CardForm = ({ submit, note, children, ...form }: CardFormProps) => (
  <Form {...form}>
    <div class="body">{children}</div>
    <div class="foot">
      {note && <p>{note}</p>}
      <Button look="primary">{submit}</Button>
    </div>
  </Form>
)
