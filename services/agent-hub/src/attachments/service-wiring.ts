import type { AccessParts } from '../access/wiring.ts';
import type { LinkParts } from '../agent-links/wiring.ts';
import type { Core } from '../core.ts';
import { GuardedPort } from '../grpc-server/guarded-port.ts';
import { hubService } from './grpc.ts';
import { internalPort } from './internal-port.ts';
import type { AttachmentParts } from './wiring.ts';

/** The gRPC service that the terminal service dials, and its port. */
export const wireHubService = (parts: Core & LinkParts & AttachmentParts & AccessParts) => {
  const { settings, attachments, logger } = parts;
  const rules = internalPort({
    hubToken: settings.HUB_TOKEN,
    certificateNeeded: settings.INTERNAL_TLS_DIR !== undefined,
  });
  return {
    internalPort: new GuardedPort(rules, logger),
    hubService: hubService({ ...parts, table: attachments, passKey: settings.PASS_KEY }),
  };
};
