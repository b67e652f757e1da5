import { Badge } from '../ui/badge.tsx'
import type { ProjectView } from './project.ts'

export const ProjectStatus = ({ status }: { status: ProjectView['status'] }) =>
  status === 'active' ? (
    <Badge tone="ok" icon="circleCheck">
      Active
    </Badge>
  ) : (
    <Badge icon="ban">Disabled</Badge>
  )
