import open from 'open';
import { printJson, say } from '../output/print.ts';
import { findMachine } from '../server/find-machine.ts';
import { openServer } from '../server/server.ts';
import type { ServerOptions } from './options.ts';

/** Opens a page in the browser. The caller has shown its address, because there may be no browser. */
export const openInBrowser = async (address: string): Promise<void> => {
  const program = await open(address).catch(() => undefined);
  program?.on('error', () => {});
};

/** `vsay open` */
export const openPage = async (machine: string | undefined, options: ServerOptions): Promise<void> => {
  const server = await openServer(options.profile);
  const path = machine === undefined ? '/' : `/terminal/${(await findMachine(server, machine)).agent_id}`;
  const { href } = new URL(path, server.url);
  if (options.json === true) return printJson({ url: href });
  say(href);
  await openInBrowser(href);
};
