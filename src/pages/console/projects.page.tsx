import type { ComponentChildren } from 'preact'
import { counted, type Moment } from '../format.ts'
import { ConsoleLayout, type OrganizationShell } from '../layouts/console-layout.tsx'
import { Cluster, Stack } from '../ui/arrange.tsx'
import { LinkButton } from '../ui/button.tsx'
import { PlainCard } from '../ui/card.tsx'
import { Empty, Note } from '../ui/note.tsx'
import { PageHead } from '../ui/page-head.tsx'
import { type Column, RowLink, Table } from '../ui/table.tsx'
import { Meter, Mono, Quiet, Time, UserText } from '../ui/text.tsx'
import { urls } from '../urls.ts'
import type { ProjectView } from './project.ts'
import { ProjectStatus } from './project-status.tsx'
import { trail } from './trail.ts'

export type ProjectRow = ProjectView & {
  secretKeys: readonly { prefix: string; lastUsedAt: Moment | null }[]
}

export type ProjectsPageProps = {
  shell: OrganizationShell
  projects: readonly ProjectRow[]
  /** The page of older projects, when there is one. */
  older?: string | undefined
  /** Whether the person's role includes the details of keys. */
  showsKeys: boolean
  limit: { used: number; limit: number; planName: string }
  /** Whether the person may create one now, and if not, why. */
  creating: 'allowed' | 'not_permitted' | 'limit_reached' | 'subscription_inactive'
  dialog?: ComponentChildren
}

const lastUse = ({ secretKeys }: ProjectRow): Moment | null =>
  secretKeys
    .flatMap(({ lastUsedAt }) => (lastUsedAt === null ? [] : [lastUsedAt]))
    .sort((a, b) => new Date(b).getTime() - new Date(a).getTime())[0] ?? null

const KeyUse = (project: ProjectRow) => {
  const at = lastUse(project)
  if (at === null) return <>{project.secretKeys.length === 0 ? 'No secret key' : 'Key never used'}</>
  return (
    <>
      Key used <Time at={at} />
    </>
  )
}

const columns = (org: string, showsKeys: boolean): readonly Column<ProjectRow>[] => [
  ...leading(org, showsKeys),
  ...(showsKeys ? ofKeys : []),
  { label: 'Created', cell: ({ createdAt }) => <Time at={createdAt} />, wide: true, align: 'end' },
]

const leading = (org: string, showsKeys: boolean): readonly Column<ProjectRow>[] => [
  {
    label: 'Name',
    cell: ({ slug, name }) => (
      <RowLink href={urls.projectKeys(org, slug)}>
        <UserText>{name}</UserText>
      </RowLink>
    ),
    second: (project) => showsKeys && <KeyUse {...project} />,
  },
  { label: 'Status', cell: ({ status }) => <ProjectStatus status={status} />, snug: true },
]

const ofKeys: readonly Column<ProjectRow>[] = [
  {
    label: 'Secret keys',
    cell: ({ secretKeys }) =>
      secretKeys.length === 0 ? (
        <Quiet>None</Quiet>
      ) : (
        <Stack tight>
          {secretKeys.map(({ prefix }) => (
            <Mono key={prefix}>{`${prefix}…`}</Mono>
          ))}
        </Stack>
      ),
    wide: true,
  },
  { label: 'Last used', cell: (project) => <Time at={lastUse(project)} />, wide: true },
]

const Blocked = ({ creating, limit }: Pick<ProjectsPageProps, 'creating' | 'limit'>) => {
  if (creating === 'limit_reached') {
    return (
      <Note tone="warn">
        The <UserText>{limit.planName}</UserText> plan includes {counted(limit.limit, 'project')}. Delete one,
        or change the plan, to add another.
      </Note>
    )
  }
  if (creating === 'subscription_inactive') {
    return (
      <Note tone="warn">
        The subscription is inactive, so no project can be added. Existing projects and keys go on working.
      </Note>
    )
  }
  return null
}

export const ProjectsPage = (props: ProjectsPageProps) => {
  const { shell, projects, older, showsKeys, limit, creating, dialog } = props
  const { slug: org, name } = shell.organization
  const create = (
    <LinkButton look="primary" icon="plus" href={urls.projects(org, { dialog: 'new-project' })}>
      New project
    </LinkButton>
  )
  return (
    <ConsoleLayout
      shell={shell}
      title={['Projects', name]}
      section="projects"
      crumbs={trail(shell, { label: 'Projects' })}
      dialog={dialog}
    >
      <PageHead
        title="Projects"
        text="Each app that signs people in, or checks keys, is a project with keys and addresses of its own."
        action={
          <>
            <Meter used={limit.used} limit={limit.limit} unit="projects" />
            {creating === 'allowed' && projects.length > 0 && create}
          </>
        }
      />
      <Blocked creating={creating} limit={limit} />
      <PlainCard>
        {projects.length > 0 ? (
          <Table
            label="Projects"
            columns={columns(org, showsKeys)}
            rows={projects}
            rowId={({ id }) => id}
            leads
          />
        ) : (
          <Empty icon="projects" title="No projects yet" action={creating === 'allowed' && create}>
            {creating === 'not_permitted'
              ? 'An owner or admin of this organization can create the first one.'
              : 'Create one to get a publishable key for the browser and a secret key for your server.'}
          </Empty>
        )}
      </PlainCard>
      {older && (
        <Cluster>
          <LinkButton href={urls.projects(org, { cursor: older })}>Older</LinkButton>
        </Cluster>
      )}
    </ConsoleLayout>
  )
}
