import { isLoopback } from '@webxterm/contracts/loopback';
import type { AgentConfig } from '../configuration/agent-config.ts';
import { Failure } from '../failure.ts';
import type { Trust } from '../link/ask-host.ts';
import type { ProxySettings } from '../link/proxy.ts';

/** The release cannot be had now: another attempt later may succeed. */
export class Postponed extends Failure {}

/** How the server of this machine is reached. */
export type Source = { host: string; trust: Trust; proxy: ProxySettings };

/** @throws Failure for http to another machine, where anybody in between could answer */
export const sourceOf = (
  config: Pick<AgentConfig, 'host' | 'ca' | 'proxy' | 'no_proxy'>,
  proxy: ProxySettings,
): Source => {
  const { host, ca } = config;
  if (!host.startsWith('https:') && !isLoopback(new URL(host).hostname))
    throw new Failure(
      `${host} is plain http, and by http no package is taken: configure the agent with the https address.`,
    );
  return {
    host,
    trust: ca === undefined ? 'public' : { ca },
    proxy: { proxy: config.proxy ?? proxy.proxy, no_proxy: config.no_proxy ?? proxy.no_proxy },
  };
};
