import type { World } from '../world.ts';
import { byRight, type MakeCall, type Rule } from './rule.ts';

const at =
  (path: string): MakeCall =>
  (world: World) => ({ params: { agent_id: world.agentId }, query: { path } });

const withBody =
  (body: object): MakeCall =>
  (world: World) => ({ params: { agent_id: world.agentId }, body });

/** Files on machines. Changes are tried with `/`, which nobody can change: 409. One column for each caller. */
// biome-ignore format: a table
export const fileRules: Readonly<Record<string, readonly Rule[]>> = {
  listFiles: [
    byRight('files_read', { other: 404, view: 403, control: 200, owner: 200, admin: 403, adminView: 403, adminControl: 200 }, at('/')),
  ],
  downloadFile: [
    byRight('files_read', { other: 404, view: 403, control: 200, owner: 200, admin: 403, adminView: 403, adminControl: 200 }, at('/etc/passwd')),
  ],
  downloadFolder: [
    byRight('files_read', { other: 404, view: 403, control: 409, owner: 409, admin: 403, adminView: 403, adminControl: 409 }, at('/etc/passwd')),
  ],
  uploadFile: [
    byRight('files_write', { other: 404, view: 403, control: 409, owner: 409, admin: 403, adminView: 403, adminControl: 409 },
      async (world, caller) => ({ ...(await at('/')(world, caller)), body: 'content' })),
  ],
  createFolder: [
    byRight('files_write', { other: 404, view: 403, control: 409, owner: 409, admin: 403, adminView: 403, adminControl: 409 },
      withBody({ path: '/' })),
  ],
  renameFile: [
    byRight('files_write', { other: 404, view: 403, control: 409, owner: 409, admin: 403, adminView: 403, adminControl: 409 },
      withBody({ path: '/etc', to: '/proc' })),
  ],
  copyFile: [
    byRight('files_write', { other: 404, view: 403, control: 409, owner: 409, admin: 403, adminView: 403, adminControl: 409 },
      withBody({ path: '/etc', to: '/proc' })),
  ],
  changeFileMode: [
    byRight('files_write', { other: 404, view: 403, control: 409, owner: 409, admin: 403, adminView: 403, adminControl: 409 },
      withBody({ path: '/proc/self', mode: '755' })),
  ],
  removeFile: [
    byRight('files_write', { other: 404, view: 403, control: 409, owner: 409, admin: 403, adminView: 403, adminControl: 409 }, at('/')),
  ],
};
