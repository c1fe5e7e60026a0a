import { z } from 'zod';
import { AgentId, SessionId, Timestamp } from '../ids.ts';
import { defineRoute } from './route.ts';

/** As many as the page has tabs. */
export const maxWorkspaceTabs = 20;
const place = z
  .number()
  .int()
  .min(0)
  .max(maxWorkspaceTabs - 1);

/** The tabs of the terminal page in their order, by their sessions. */
export const Workspace = z
  .object({
    tabs: z
      .array(
        z.strictObject({
          agent_id: AgentId,
          session_id: SessionId,
          group: place.optional().meta({ description: 'Tabs with one number are shown side by side. Missing: alone.' }),
        }),
      )
      .max(maxWorkspaceTabs),
    active: place.meta({ description: 'The place of the active tab in `tabs`.' }),
  })
  .meta({ id: 'Workspace' });
export type Workspace = z.infer<typeof Workspace>;

export const KeptWorkspace = Workspace.extend({
  user_agent: z.string().max(256).meta({ description: 'Of the browser that stored it.' }),
  stored_at: Timestamp,
}).meta({ id: 'KeptWorkspace' });
export type KeptWorkspace = z.infer<typeof KeptWorkspace>;

export const getWorkspace = defineRoute({
  id: 'workspace',
  owner: 'auth',
  method: 'get',
  path: '/api/profile/workspace',
  access: 'user',
  summary: 'The tabs of terminals that I had last, in any browser',
  success: {
    status: 200,
    schema: z.object({ workspace: KeptWorkspace.nullable().meta({ description: 'Null: none was stored yet.' }) }),
  },
});

export const putWorkspace = defineRoute({
  id: 'putWorkspace',
  owner: 'auth',
  method: 'put',
  path: '/api/profile/workspace',
  access: 'user',
  summary: 'Store the tabs of terminals for my other browsers',
  description:
    'It replaces the tabs that another browser has stored: those of the browser that was used last are kept.',
  body: z.strictObject(Workspace.shape),
  success: { status: 204 },
});

export const workspaceRoutes = [getWorkspace, putWorkspace] as const;
