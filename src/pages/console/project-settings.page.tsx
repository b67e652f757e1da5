import { Column } from '../ui/arrange.tsx'
import { Button, LinkButton } from '../ui/button.tsx'
import { Card, CardBody, DefinitionList } from '../ui/card.tsx'
import { type Errors, Field } from '../ui/field.tsx'
import { CardForm, Form } from '../ui/form.tsx'
import { Banner } from '../ui/note.tsx'
import { Id, Mono, Time, UserText } from '../ui/text.tsx'
import { urls } from '../urls.ts'
import { ProjectFrame, type ProjectFrameProps } from './project-frame.tsx'

export type ProjectSettingsPageProps = ProjectFrameProps & {
  canWrite: boolean
  values?: { name?: string | undefined } | undefined
  errors?: Errors<'name'> | undefined
  banner?: string | undefined
}

export const ProjectSettingsPage = (props: ProjectSettingsPageProps) => {
  const { canWrite, values = {}, errors = {}, banner, ...frame } = props
  const org = frame.shell.organization.slug
  const { project } = frame
  return (
    <ProjectFrame {...frame} tab="Settings" text="Name and state of this project.">
      <Column>
        {banner && <Banner text={banner} />}
        {canWrite && (
          <Card id="general" title="General">
            <CardForm id="settings-form" action={urls.projectSettings(org, project.slug)} submit="Save name">
              <Field
                name="name"
                label="Name"
                hint="People see it when they sign in."
                value={values.name ?? project.name}
                error={errors.name}
                autofocus={Boolean(errors.name)}
              />
            </CardForm>
          </Card>
        )}
        <Card id="details" title="Details">
          <CardBody>
            <DefinitionList
              facts={[
                ...(canWrite ? [] : [{ term: 'Name', children: <UserText>{project.name}</UserText> }]),
                { term: 'Project ID', children: <Id value={project.id} label="project ID" /> },
                { term: 'Slug', children: <Mono>{project.slug}</Mono> },
                { term: 'Created', children: <Time at={project.createdAt} /> },
              ]}
            />
          </CardBody>
        </Card>
        {canWrite && <Availability org={org} project={project} />}
        {canWrite && (
          <Card
            id="delete-project"
            title="Delete project"
            text="Ends its keys and its sessions for good."
            action={
              <LinkButton href={urls.projectSettings(org, project.slug, 'delete')} icon="trash">
                Delete project
              </LinkButton>
            }
            danger
          />
        )}
      </Column>
    </ProjectFrame>
  )
}

const Availability = ({ org, project }: { org: string } & Pick<ProjectFrameProps, 'project'>) => {
  const active = project.status === 'active'
  return (
    <Card
      id="availability"
      title="Availability"
      text={
        active
          ? 'Keys are accepted and people can sign in.'
          : 'Keys are refused and nobody can sign in. Nothing is lost: enabling restores all of it.'
      }
      action={
        active ? (
          <LinkButton href={urls.projectSettings(org, project.slug, 'disable')}>Disable project</LinkButton>
        ) : (
          <Form id="enable-form" action={urls.enableProject(org, project.slug)}>
            <Button>Enable project</Button>
          </Form>
        )
      }
    />
  )
}
