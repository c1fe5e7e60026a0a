import { busMacPurposes } from '@webxterm/contracts/bus';
import { MacKey } from '@webxterm/shared/bus';
import type { Core } from '../core.ts';
import type { HubClientParts } from '../hub-client/wiring.ts';
import type { TicketParts } from '../tickets/wiring.ts';
import type { AttachmentRequest } from './attach-open.ts';
import { patienceMs } from './attach-timing.ts';
import { Attachment, type AttachmentContext, type AttachmentEvents } from './attachment.ts';
import { OpenTerminals } from './open-terminals.ts';
import { SharedCounts } from './shared-counts.ts';
import { signinEnd } from './signin-end.ts';

/** Attachments to machines, and the open terminals with their limits. A sign-in that ends also ends its terminals. */
export const wireAttachments = (parts: Core & HubClientParts & TicketParts) => {
  const { settings } = parts;
  const context: AttachmentContext = {
    ...parts,
    measures: parts.measures.attachments,
    returningPatienceMs: patienceMs.returning,
    random: Math.random,
  };
  const shared = new SharedCounts({ ...parts, key: new MacKey(settings.TICKET_KEY, busMacPurposes.amongTerminals) });
  const heldPerUser = settings.STALLED_MIB_PER_USER * 1024 * 1024;
  const terminals = new OpenTerminals({
    perUser: settings.TERMINALS_PER_USER,
    heldPerUser,
    elsewhere: (userId) => shared.elsewhere(userId),
    changed: (userId, open) => shared.publish([[userId, open]]),
  });
  const forwardSlots = new OpenTerminals({
    noun: 'forwarded connections',
    perUser: settings.FORWARDS_PER_USER,
    heldPerUser,
    elsewhere: () => 0,
    changed: () => {},
  });
  parts.allowList.onChange((sidHash, entry) => {
    const why = signinEnd(parts.allowList, entry);
    if (why === undefined) return;
    for (const open of [terminals, forwardSlots]) open.endSignin(sidHash, why);
  });
  return {
    terminals,
    forwardSlots,
    attach: (request: AttachmentRequest, events: AttachmentEvents) => new Attachment(context, request, events),
    startCounts: (): void => shared.start(() => terminals.counts()),
    stopCounts: (): void => shared.stop(),
  };
};
