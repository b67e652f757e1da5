import { visible } from '../format.ts'
import { ConsoleLayout, type Shell } from '../layouts/console-layout.tsx'
import { Cluster, Column } from '../ui/arrange.tsx'
import { LinkButton } from '../ui/button.tsx'
import { CardBody, PlainCard } from '../ui/card.tsx'
import { PageHead } from '../ui/page-head.tsx'
import { Problem, type ProblemFacts } from '../ui/problem.tsx'
import { safeUrl, urls } from '../urls.ts'
import { trail } from './trail.ts'

export type ProblemPageProps = {
  shell: Shell
  title: string
  /** What happened and what to do next. */
  text: string
  back?: { label: string; href: string } | undefined
} & ProblemFacts

/** Forbidden, not found, failed: inside the shell, so that the way elsewhere stays open. */
export const ProblemPage = ({ shell, title, text, back, ...facts }: ProblemPageProps) => (
  <ConsoleLayout shell={shell} title={[title]} crumbs={trail(shell, { label: title })}>
    <Column>
      <PageHead title={title} text={text} />
      <PlainCard>
        <CardBody>
          <Problem {...facts} />
        </CardBody>
      </PlainCard>
      <Cluster>
        <LinkButton icon="arrowLeft" href={(back && safeUrl(back.href)) ?? urls.console()}>
          {visible(back?.label ?? 'Back to the console')}
        </LinkButton>
      </Cluster>
    </Column>
  </ConsoleLayout>
)
