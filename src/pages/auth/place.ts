import type { Context } from '../../context.ts'
import { type Destination, findDestination } from '../../features/app-sign-in/destination.ts'
import type { Brand } from '../layouts/auth-layout.tsx'
import { returnAddress } from '../return-address.ts'
import { urls } from '../urls.ts'

/** Where a hosted page leads afterwards: always one of our own paths, which itself judges again whatever lies behind it. */
export type Place = {
  url: string
  /** The app that the person is on the way to. */
  brand?: Brand
  /** The app's origin: a form of ours may end there. */
  formOrigin?: string
  /** It goes on to the app by itself, with a code. */
  isAppSignIn: boolean
}

/** The place that a query names: an app's registered address, or a path of ours. Whatever does not fit is ignored. */
export async function placeOf(ctx: Context, query: Record<string, unknown>): Promise<Place | undefined> {
  const destination = await findDestination(ctx, query)
  if (destination) return onTheWayTo(destination)
  const url = returnAddress(ctx, query.redirect_url)
  if (url === undefined) return undefined
  const { pathname, searchParams } = new URL(url, ctx.config.publicBaseUrl)
  if (pathname !== urls.continueSignIn()) return { url, isAppSignIn: false }
  const behind = await findDestination(ctx, Object.fromEntries(searchParams))
  return behind && onTheWayTo(behind)
}

function onTheWayTo({ project, redirectUrl, codeRequest }: Destination): Place {
  return {
    url: urls.signInFor({
      publishable_key: project.publishable_key,
      redirect_url: redirectUrl,
      state: codeRequest?.state,
      code_challenge: codeRequest?.codeChallenge,
    }),
    brand: { name: project.name },
    formOrigin: new URL(redirectUrl).origin,
    isAppSignIn: codeRequest !== undefined,
  }
}
