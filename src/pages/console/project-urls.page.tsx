import { Column, Stack } from '../ui/arrange.tsx'
import { Card, CardBody, DefinitionList } from '../ui/card.tsx'
import { type Errors, Field, firstFaulty, type LineError } from '../ui/field.tsx'
import { CardForm } from '../ui/form.tsx'
import { TextArea } from '../ui/inputs.tsx'
import { Banner, Note } from '../ui/note.tsx'
import { Mono, Quiet } from '../ui/text.tsx'
import { urls } from '../urls.ts'
import type { UrlField } from './project.ts'
import { ProjectFrame, type ProjectFrameProps } from './project-frame.tsx'

export type ProjectUrlsPageProps = ProjectFrameProps & {
  canWrite: boolean
  /** Lists with one entry per line. As stored, or as typed when something was refused. */
  values: { readonly [Key in UrlField]: string }
  errors?: Errors<UrlField> | undefined
  lineErrors?:
    | { readonly redirect_urls?: readonly LineError[]; readonly origins?: readonly LineError[] }
    | undefined
  banner?: string | undefined
}

const Rule = () => (
  <Note>
    Addresses are compared character by character, without wildcards:{' '}
    <Mono>https://app.example.com/callback</Mono> does not allow{' '}
    <Mono>https://app.example.com/callback/</Mono>. All are https, except on localhost.
  </Note>
)

const labels: Record<UrlField, string> = {
  redirect_urls: 'Redirect URLs',
  origins: 'Origins',
  after_sign_in_url: 'After sign-in',
  after_sign_up_url: 'After sign-up',
}

const fields = ['redirect_urls', 'origins', 'after_sign_in_url', 'after_sign_up_url'] as const

const Lines = ({ text }: { text: string }) => {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.length === 0 ? (
    <Quiet>None</Quiet>
  ) : (
    <Stack tight>
      {lines.map((line) => (
        <Mono key={line}>{line}</Mono>
      ))}
    </Stack>
  )
}

const Facts = ({ values }: Pick<ProjectUrlsPageProps, 'values'>) => (
  <CardBody>
    <DefinitionList
      facts={fields.map((field) => ({ term: labels[field], children: <Lines text={values[field]} /> }))}
    />
  </CardBody>
)

export const ProjectUrlsPage = (props: ProjectUrlsPageProps) => {
  const { canWrite, values, errors = {}, lineErrors = {}, banner, ...frame } = props
  const focus = firstFaulty({ ...errors, ...lineErrors }, fields)
  return (
    <ProjectFrame
      {...frame}
      tab="URLs"
      text="Where people may be sent after signing in, and which sites may ask."
    >
      <Column>
        {banner && <Banner text={banner} />}
        <Card id="urls" title="Allowed addresses" text="Up to 50 of each kind, each up to 512 characters.">
          {canWrite ? (
            <CardForm
              id="urls-form"
              action={urls.projectUrls(frame.shell.organization.slug, frame.project.slug)}
              submit="Save addresses"
              note="A change counts from the next request."
            >
              <Rule />
              <TextArea
                name="redirect_urls"
                label={labels.redirect_urls}
                hint="One per line. Without any, nobody can return to the app after signing in."
                placeholder="https://app.example.com/callback"
                value={values.redirect_urls}
                error={errors.redirect_urls}
                lineErrors={lineErrors.redirect_urls}
                autofocus={focus === 'redirect_urls'}
              />
              <TextArea
                name="origins"
                label={labels.origins}
                hint="One per line, without a path. Scripts of these sites may use the publishable key."
                placeholder="https://app.example.com"
                value={values.origins}
                error={errors.origins}
                lineErrors={lineErrors.origins}
                autofocus={focus === 'origins'}
              />
              <Field
                name="after_sign_in_url"
                label={labels.after_sign_in_url}
                type="url"
                optional
                mono
                hint="Where to go when the app names no address."
                value={values.after_sign_in_url}
                error={errors.after_sign_in_url}
                autofocus={focus === 'after_sign_in_url'}
              />
              <Field
                name="after_sign_up_url"
                label={labels.after_sign_up_url}
                type="url"
                optional
                mono
                hint="The same for people who have just created an account."
                value={values.after_sign_up_url}
                error={errors.after_sign_up_url}
                autofocus={focus === 'after_sign_up_url'}
              />
            </CardForm>
          ) : (
            <Facts values={values} />
          )}
        </Card>
      </Column>
    </ProjectFrame>
  )
}
