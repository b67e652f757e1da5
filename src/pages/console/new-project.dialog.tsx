import { Dialog, DialogForm } from '../ui/dialog.tsx'
import { type Errors, Field, firstToFix, type LineError } from '../ui/field.tsx'
import { TextArea } from '../ui/inputs.tsx'
import { Banner } from '../ui/note.tsx'
import { urls } from '../urls.ts'

const order = ['name', 'slug', 'redirect_urls', 'origins', 'after_sign_in_url'] as const
type Name = (typeof order)[number]

export type NewProjectDialogProps = {
  org: string
  idempotencyKey: string
  values?: Errors<Name> | undefined
  errors?: Errors<Name> | undefined
  lineErrors?:
    | { readonly redirect_urls?: readonly LineError[]; readonly origins?: readonly LineError[] }
    | undefined
  banner?: string | undefined
}

export const NewProjectDialog = (props: NewProjectDialogProps) => {
  const { org, idempotencyKey, values = {}, errors = {}, lineErrors = {}, banner } = props
  const back = urls.projects(org)
  const focus = firstToFix({ ...errors, ...lineErrors }, order)
  return (
    <Dialog id="new-project" title="New project" text="You get its keys as soon as it exists." back={back}>
      <DialogForm
        id="new-project-form"
        action={urls.projects(org)}
        hidden={{ idempotency_key: idempotencyKey }}
        submit="Create project"
        back={back}
      >
        {banner && <Banner text={banner} />}
        <Field
          name="name"
          label="Name"
          value={values.name}
          error={errors.name}
          autofocus={focus === 'name'}
        />
        <Field
          name="slug"
          label="Slug"
          optional
          mono
          hint="Lower-case letters, digits and hyphens. Made from the name when left empty."
          value={values.slug}
          error={errors.slug}
          autofocus={focus === 'slug'}
        />
        <TextArea
          name="redirect_urls"
          label="Redirect URLs"
          optional
          hint="Where people may return after signing in, one per line."
          placeholder="https://app.example.com/callback"
          value={values.redirect_urls}
          error={errors.redirect_urls}
          lineErrors={lineErrors.redirect_urls}
          autofocus={focus === 'redirect_urls'}
        />
        <TextArea
          name="origins"
          label="Origins"
          optional
          hint="Sites whose scripts may use the publishable key, one per line."
          placeholder="https://app.example.com"
          value={values.origins}
          error={errors.origins}
          lineErrors={lineErrors.origins}
          autofocus={focus === 'origins'}
        />
        <Field
          name="after_sign_in_url"
          label="After sign-in"
          type="url"
          optional
          mono
          hint="Where to go when the app names no address."
          value={values.after_sign_in_url}
          error={errors.after_sign_in_url}
          autofocus={focus === 'after_sign_in_url'}
        />
      </DialogForm>
    </Dialog>
  )
}
