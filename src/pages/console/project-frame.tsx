import type { ComponentChildren } from 'preact'
import { ConsoleLayout, type OrganizationShell } from '../layouts/console-layout.tsx'
import { Note } from '../ui/note.tsx'
import { PageHead, Tabs } from '../ui/page-head.tsx'
import { urls } from '../urls.ts'
import type { ProjectView } from './project.ts'
import { ProjectStatus } from './project-status.tsx'
import { trail } from './trail.ts'

export type ProjectFrameProps = {
  shell: OrganizationShell
  project: ProjectView
  dialog?: ComponentChildren
}

type Props = ProjectFrameProps & {
  tab: 'Keys' | 'URLs' | 'Settings'
  text: string
  action?: ComponentChildren
  children: ComponentChildren
}

/** Head and tabs that the pages of one project share. */
export const ProjectFrame = ({ shell, project, tab, text, action, dialog, children }: Props) => {
  const org = shell.organization.slug
  const tabs = [
    { label: 'Keys', href: urls.projectKeys(org, project.slug) },
    { label: 'URLs', href: urls.projectUrls(org, project.slug) },
    { label: 'Settings', href: urls.projectSettings(org, project.slug) },
  ]
  return (
    <ConsoleLayout
      shell={shell}
      title={[tab, project.name]}
      section="projects"
      crumbs={trail(shell, { label: 'Projects', href: urls.projects(org) }, { label: project.name })}
      dialog={dialog}
    >
      <PageHead
        title={project.name}
        badge={<ProjectStatus status={project.status} />}
        text={text}
        action={action}
      />
      <Tabs label="Project" tabs={tabs.map((each) => ({ ...each, current: each.label === tab }))} />
      {project.status === 'disabled' && (
        <Note tone="warn">This project is disabled: its keys are refused and nobody can sign in to it.</Note>
      )}
      {children}
    </ConsoleLayout>
  )
}
