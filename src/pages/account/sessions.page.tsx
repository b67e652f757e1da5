import type { Moment } from '../format.ts'
import { ConsoleLayout, type Shell } from '../layouts/console-layout.tsx'
import { Stack } from '../ui/arrange.tsx'
import { Badge } from '../ui/badge.tsx'
import { Button, LinkButton } from '../ui/button.tsx'
import { Card } from '../ui/card.tsx'
import { Form } from '../ui/form.tsx'
import { Empty } from '../ui/note.tsx'
import { PageHead } from '../ui/page-head.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Quiet, Time, UserText } from '../ui/text.tsx'
import { urls } from '../urls.ts'

export type SessionRow = {
  id: string
  device: string
  address: string
  lastSeenAt: Moment
  createdAt: Moment
  isCurrent: boolean
}

export type AppSessionRow = Omit<SessionRow, 'isCurrent'> & { project: string; organization: string }
export type GrantRow = { id: string; project: string; organization: string; createdAt: Moment }

export type SessionsPageProps = {
  shell: Shell
  /** This device first. */
  sessions: readonly SessionRow[]
  apps: readonly AppSessionRow[]
  grants: readonly GrantRow[]
}

const columns: readonly Column<SessionRow>[] = [
  {
    label: 'Device',
    cell: ({ device, isCurrent }) => (
      <>
        <UserText>{device}</UserText> {isCurrent && <Badge tone="ok">This device</Badge>}
      </>
    ),
    second: ({ lastSeenAt }) => <Time at={lastSeenAt} />,
  },
  { label: 'Address', cell: ({ address }) => <UserText>{address}</UserText>, wide: true },
  { label: 'Last active', cell: ({ lastSeenAt }) => <Time at={lastSeenAt} />, wide: true },
  { label: 'Signed in', cell: ({ createdAt }) => <Time at={createdAt} />, wide: true },
  {
    label: 'Actions',
    silent: true,
    align: 'end',
    cell: ({ id, device, isCurrent }) =>
      isCurrent ? (
        <LinkButton small leaves href={urls.signOut()}>
          Sign out
        </LinkButton>
      ) : (
        <Form id={`end-${id}`} action={urls.endSession(id)}>
          <Button small label={`Sign out ${device}`}>
            Sign out
          </Button>
        </Form>
      ),
  },
]

const appColumns: readonly Column<AppSessionRow>[] = [
  {
    label: 'App',
    cell: ({ project }) => <UserText>{project}</UserText>,
    second: ({ organization }) => <UserText>{organization}</UserText>,
  },
  { label: 'Organization', cell: ({ organization }) => <UserText>{organization}</UserText>, wide: true },
  { label: 'Device', cell: ({ device }) => <UserText>{device}</UserText>, wide: true },
  { label: 'Last active', cell: ({ lastSeenAt }) => <Time at={lastSeenAt} />, wide: true },
  {
    label: 'Actions',
    silent: true,
    align: 'end',
    cell: ({ id, project }) => (
      <Form id={`end-${id}`} action={urls.endProjectSession(id)}>
        <Button small label={`Sign out of ${project}`}>
          Sign out
        </Button>
      </Form>
    ),
  },
]

const grantColumns: readonly Column<GrantRow>[] = [
  {
    label: 'App',
    cell: ({ project }) => <UserText>{project}</UserText>,
    second: ({ organization }) => <UserText>{organization}</UserText>,
  },
  { label: 'Organization', cell: ({ organization }) => <UserText>{organization}</UserText>, wide: true },
  { label: 'Since', cell: ({ createdAt }) => <Time at={createdAt} />, wide: true },
  {
    label: 'Actions',
    silent: true,
    align: 'end',
    cell: ({ id, project }) => (
      <Form id={`revoke-${id}`} action={urls.revokeGrant(id)}>
        <Button small label={`Revoke access of ${project}`}>
          Revoke access
        </Button>
      </Form>
    ),
  },
]

/** Where a person is signed in, and which apps know them. */
export const SessionsPage = ({ shell, sessions, apps, grants }: SessionsPageProps) => (
  <ConsoleLayout
    shell={shell}
    title={['Sessions', 'Account']}
    crumbs={[{ label: 'Account' }, { label: 'Sessions' }]}
  >
    <PageHead
      title="Sessions"
      text="Where you are signed in with this account, and which apps know you."
      action={
        <LinkButton icon="arrowLeft" href={urls.console()}>
          Console
        </LinkButton>
      }
    />
    <Stack>
      <Card
        id="devices"
        title="Devices"
        action={
          sessions.length > 1 ? (
            <Form id="end-others" action={urls.endOtherSessions()}>
              <Button small>Sign out all others</Button>
            </Form>
          ) : (
            <Quiet>No other sessions</Quiet>
          )
        }
      >
        <Table label="List of devices" columns={columns} rows={sessions} rowId={({ id }) => id} />
      </Card>
      <Card id="apps" title="Apps you are signed in to" text="Each ends with the device that it began on.">
        {apps.length > 0 ? (
          <Table
            label="List of apps you are signed in to"
            columns={appColumns}
            rows={apps}
            rowId={({ id }) => id}
          />
        ) : (
          <Empty icon="projects" title="No apps">
            An app shows up here when you sign in to it with this account.
          </Empty>
        )}
      </Card>
      <Card
        id="grants"
        title="Apps that know you"
        text="Each may sign you in without asking again. Revoking signs you out of it."
      >
        {grants.length > 0 ? (
          <Table
            label="List of apps that know you"
            columns={grantColumns}
            rows={grants}
            rowId={({ id }) => id}
          />
        ) : (
          <Empty icon="user" title="No apps of other organizations">
            An app shows up here when you continue to it for the first time.
          </Empty>
        )}
      </Card>
    </Stack>
  </ConsoleLayout>
)
