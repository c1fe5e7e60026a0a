import type { CertificateFolder } from '@webxterm/shared';
import type { Core } from '../core.ts';
import { HubChannels } from './channels.ts';
import { PresenceLocator } from './locator.ts';

export type HubClientParts = ReturnType<typeof wireHubClient>;

/** The channels to the hubs, and the hub of each machine. */
export const wireHubClient = ({ settings, presence, bus }: Core, certificates: CertificateFolder | undefined) => ({
  channels: new HubChannels(settings.HUB_TOKEN, certificates),
  locator: new PresenceLocator(presence, bus, { plain: certificates === undefined }),
});
