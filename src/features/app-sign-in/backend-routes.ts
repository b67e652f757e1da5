import { backendApp } from '../../http/actors.ts'
import type { Routes } from '../../http/audiences.ts'
import { ProjectTokens, shownProjectTokens } from '../project-sessions/schemas.ts'
import { exchangeCode } from './exchange.ts'
import { Exchange } from './schemas.ts'

export const backendExchangeRoutes: Routes = (app, ctx) => {
  app.post(
    '/v1/backend/sessions/exchange',
    {
      config: { limit: 'backendExchange' },
      schema: {
        summary: 'Turn the code of a sign-in into a session of the key’s project',
        body: Exchange,
        response: { 200: ProjectTokens },
      },
    },
    async (request) => shownProjectTokens(ctx, await exchangeCode(ctx, backendApp(request), request.body)),
  )
}
