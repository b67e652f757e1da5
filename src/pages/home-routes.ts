import type { Routes } from '../http/audiences.ts'
import { pageSchema, redirect } from './render.ts'
import { urls } from './urls.ts'

/** The bare address leads into the console, which asks for a sign-in where it needs one. */
export const homeRoutes: Routes = (app) => {
  app.get('/', { schema: pageSchema }, async (_request, reply) => redirect(reply, urls.console()))
}
