import { clientApp } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { ProjectTokens, shownProjectTokens } from '../project-sessions/schemas.ts'
import { exchangeCode } from './exchange.ts'
import { Exchange } from './schemas.ts'

export const clientExchangeRoutes: Routes = (app, ctx) => {
  app.post(
    '/v1/client/sessions/exchange',
    {
      config: { limit: 'appExchange' },
      schema: {
        summary: 'Turn the code of a sign-in into a session of this project',
        body: Exchange,
        response: { 200: ProjectTokens },
      },
    },
    async (request) => shownProjectTokens(ctx, await exchangeCode(ctx, clientApp(request), request.body)),
  )
}
