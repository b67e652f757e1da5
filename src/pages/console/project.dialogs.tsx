import { counted } from '../format.ts'
import { Dialog, DialogForm } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { Banner, Note } from '../ui/note.tsx'
import { Mono } from '../ui/text.tsx'
import { urls } from '../urls.ts'
import type { ProjectView } from './project.ts'

type Subject = { org: string; project: Pick<ProjectView, 'slug' | 'name'>; banner?: string | undefined }

export type DisableProjectDialogProps = Subject & {
  /** How many secret keys are refused from then on. */
  secretKeys: number
}

export const DisableProjectDialog = ({ org, project, secretKeys, banner }: DisableProjectDialogProps) => {
  const back = urls.projectSettings(org, project.slug)
  return (
    <Dialog
      id="disable"
      title={`Disable ${project.name}`}
      text="You can enable it again at any time."
      back={back}
    >
      <DialogForm
        id="disable-form"
        action={urls.disableProject(org, project.slug)}
        submit="Disable project"
        back={back}
        danger
      >
        {banner && <Banner text={banner} />}
        <Note tone="warn">
          From the next request, the publishable key and {counted(secretKeys, 'secret key')} are refused, and
          nobody can sign in to this project.
        </Note>
      </DialogForm>
    </Dialog>
  )
}

export type DeleteProjectDialogProps = Subject & {
  secretKeys: number
  /** What was typed, and what was wrong with it. */
  typed?: string | undefined
  error?: string | undefined
}

export const DeleteProjectDialog = (props: DeleteProjectDialogProps) => {
  const { org, project, secretKeys, typed, error, banner } = props
  const back = urls.projectSettings(org, project.slug)
  return (
    <Dialog id="delete" title={`Delete ${project.name}`} text="This cannot be undone." back={back}>
      <DialogForm
        id="delete-form"
        action={urls.deleteProject(org, project.slug)}
        submit="Delete project"
        back={back}
        danger
        fieldFirst
      >
        {banner && <Banner text={banner} />}
        <Note tone="bad">
          The publishable key and {counted(secretKeys, 'secret key')} stop working now, for every app that
          uses them.
        </Note>
        <Field
          name="confirm"
          label="Slug of the project"
          mono
          hint={
            <>
              Type <Mono>{project.slug}</Mono> to confirm.
            </>
          }
          value={typed}
          error={error}
          autofocus
        />
      </DialogForm>
    </Dialog>
  )
}
