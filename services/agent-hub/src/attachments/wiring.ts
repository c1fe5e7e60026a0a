import type { LinkParts } from '../agent-links/wiring.ts';
import type { Core } from '../core.ts';
import { AttachmentTable } from './attachment-table.ts';
import { Rendezvous } from './rendezvous.ts';
import { Revocation } from './revocation.ts';
import { SshActivities } from './ssh-activities.ts';

export type AttachmentParts = ReturnType<typeof wireAttachments>;

/** The attachments through this hub, and their end when a right ends. */
export const wireAttachments = (parts: Core & LinkParts) => {
  const attachments = new AttachmentTable();
  return {
    attachments,
    sshActivities: new SshActivities(parts),
    rendezvous: new Rendezvous(),
    revocation: new Revocation({ ...parts, table: attachments }),
  };
};
