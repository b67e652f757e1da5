import type { ComponentChildren } from 'preact'
import { Badge } from '../ui/badge.tsx'
import { LinkButton } from '../ui/button.tsx'
import { Card, CardBody } from '../ui/card.tsx'
import { CopyableValue } from '../ui/code.tsx'
import { Empty } from '../ui/note.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Mono, Time } from '../ui/text.tsx'
import { urls } from '../urls.ts'
import type { SecretKeyView } from './project.ts'
import { ProjectFrame, type ProjectFrameProps } from './project-frame.tsx'
import { QuickStart } from './quick-start.tsx'

export type ProjectKeysPageProps = ProjectFrameProps & {
  publishableKey: string
  secretKeys: readonly SecretKeyView[]
  /** Where apps reach this service, without a slash at the end. */
  baseUrl: string
  /** May see, rotate and revoke secret keys. */
  canWrite: boolean
}

const KeyState = ({ expiresAt }: SecretKeyView) =>
  expiresAt === null ? (
    <Badge tone="ok" icon="circleCheck">
      Active
    </Badge>
  ) : (
    <Badge tone="warn" icon="timer">
      Retiring
    </Badge>
  )

const KeyUse = ({ lastUsedAt, expiresAt }: SecretKeyView) => {
  if (expiresAt !== null) {
    return (
      <>
        Expires <Time at={expiresAt} />
      </>
    )
  }
  return lastUsedAt === null ? (
    <>Never used</>
  ) : (
    <>
      Used <Time at={lastUsedAt} />
    </>
  )
}

const facts: readonly Column<SecretKeyView>[] = [
  {
    label: 'Key',
    cell: ({ prefix }) => <Mono>{`${prefix}…`}</Mono>,
    second: (key) => <KeyUse {...key} />,
  },
  { label: 'State', cell: (key) => <KeyState {...key} />, snug: true },
  { label: 'Created', cell: ({ createdAt }) => <Time at={createdAt} />, wide: true },
  { label: 'Last used', cell: ({ lastUsedAt }) => <Time at={lastUsedAt} />, wide: true },
  { label: 'Expires', cell: ({ expiresAt }) => <Time at={expiresAt} none="Never" />, wide: true },
]

const columnsOf = (org: string, project: string): readonly Column<SecretKeyView>[] => [
  ...facts,
  {
    label: 'Actions',
    silent: true,
    snug: true,
    align: 'end',
    cell: ({ id, prefix, expiresAt }) => {
      const words = expiresAt === null ? 'Revoke' : 'Revoke now'
      return (
        <LinkButton
          small
          href={urls.projectKeys(org, project, { dialog: 'revoke', key: id })}
          label={`${words}: ${prefix}`}
        >
          {words}
        </LinkButton>
      )
    },
  },
]

const hint = 'For your server only. A key is shown whole once, when it is made; after that, only its start.'

type SecretKeysProps = {
  org: string
  project: string
  keys: readonly SecretKeyView[]
  rotate: ComponentChildren
}

const SecretKeys = ({ org, project, keys, rotate }: SecretKeysProps) => (
  <Card id="secret-keys" title="Secret keys" text={hint}>
    {keys.length > 0 ? (
      <Table
        label="List of secret keys"
        columns={columnsOf(org, project)}
        rows={keys}
        rowId={({ id }) => id}
      />
    ) : (
      <Empty icon="key" title="No secret key" action={rotate}>
        Your server cannot call Silver Auth until there is one.
      </Empty>
    )}
  </Card>
)

export const ProjectKeysPage = (props: ProjectKeysPageProps) => {
  const { publishableKey, secretKeys, baseUrl, canWrite, ...frame } = props
  const org = frame.shell.organization.slug
  const { slug } = frame.project
  const rotate = (
    <LinkButton look="primary" icon="rotate" href={urls.projectKeys(org, slug, { dialog: 'rotate' })}>
      {secretKeys.length > 0 ? 'Rotate secret key' : 'Create secret key'}
    </LinkButton>
  )
  return (
    <ProjectFrame
      {...frame}
      tab="Keys"
      text="How this app proves to Silver Auth which project it is."
      action={canWrite && secretKeys.length > 0 && rotate}
    >
      <Card
        id="publishable-key"
        title="Publishable key"
        text="Names the project. It may be in a browser or an app."
      >
        <CardBody>
          <CopyableValue value={publishableKey} label="publishable key" />
        </CardBody>
      </Card>
      {canWrite && <SecretKeys org={org} project={slug} keys={secretKeys} rotate={rotate} />}
      <QuickStart baseUrl={baseUrl} publishableKey={publishableKey} />
    </ProjectFrame>
  )
}
