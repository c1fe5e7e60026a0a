import { busMacPurposes } from '@webxterm/contracts/bus';
import { MacKey } from '@webxterm/shared/bus';
import { type Core, lostStream } from '../core.ts';
import { noteContest } from './audit.ts';
import { type Contest, LinkTable } from './link-table.ts';
import { LinkRefusal } from './refusal.ts';
import { RevokedKeys } from './revoked-keys.ts';
import { SessionLists } from './session-lists.ts';

export type LinkParts = ReturnType<typeof wireLinks>;

/** The links of agents to this hub, and the API keys whose links must end. */
export const wireLinks = (core: Core) => {
  const { bus, logger, now, settings } = core;
  const onContest = (contest: Contest): void => void noteContest(core, contest);
  const links = new LinkTable(onContest);
  const toTerminals = new MacKey(settings.PASS_KEY, busMacPurposes.hubsToTerminals);
  return {
    links,
    onContest,
    toTerminals,
    sessionLists: new SessionLists(bus, logger, toTerminals, now),
    revokedKeys: new RevokedKeys({
      ...core,
      onCurrent: core.reportPart('revocations', lostStream),
      onRevoked: (keyId) => revokeKey(keyId, core, links),
    }),
  };
};

/** Revokes everything that was issued under a replaced API key: closes its links, and marks the machines. */
const revokeKey = (keyId: string, { reports, logger, now }: Core, links: LinkTable): void => {
  for (const link of links.all())
    if (link.identity.keyId === keyId) link.refuse(new LinkRefusal('bad_credential', true));
  reports.revokeKey(keyId, new Date(now())).catch((error: unknown) => {
    logger.warn(
      { err: error },
      'machines of a replaced API key could not be marked; it is tried again at the next start',
    );
  });
};
