import { Button, Text } from '@mantine/core';
import type { AttachMode, SessionShare } from '@webxterm/contracts/rest';
import { Failure } from '../layout/failure.tsx';
import { localTime } from '../layout/format.ts';
import classes from './share-dialog.module.css';
import { useRevokeShare, useShares } from './share-queries.ts';

/** The shares of a session that have not ended. */
export const ShareList = ({ sessionId }: { sessionId: string }) => {
  const shares = useShares(sessionId);
  const revoke = useRevokeShare(sessionId);
  if (shares.data === undefined)
    return shares.isError ? <Failure title="The shares could not be loaded" error={shares.error} /> : null;
  if (shares.data.length === 0)
    return (
      <Text size="sm" c="dimmed">
        This terminal is shared with nobody.
      </Text>
    );
  return (
    <section aria-label="Shares">
      <h3 className={classes.heading}>Shared with</h3>
      {revoke.isError && <Failure title="The share could not be ended" error={revoke.error} />}
      <ul className={classes.rows}>
        {shares.data.map((share) => (
          <li key={share.share_id} className={classes.row}>
            <div className={classes.text}>
              <Text fw={600} size="sm">
                {whoOf(share)}
              </Text>
              <Text size="xs" c="dimmed">
                {mayOf(share)} until {localTime(share.expires_at)}
              </Text>
            </div>
            <Button
              size="xs"
              variant="default"
              loading={revoke.isPending && revoke.variables === share.share_id}
              aria-label={`End the share: ${whoOf(share)}`}
              onClick={() => revoke.mutate(share.share_id)}
            >
              End
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
};

const whoOf = ({ user, members, uses_left }: SessionShare): string => {
  if (user !== null) return user.username;
  const open = uses_left === 0 ? '' : `${uses_left} more may use it`;
  const names = members.map(({ username }) => username).join(', ');
  return `Link: ${[names, open].filter((part) => part !== '').join('. ')}`;
};

const rolePhrases: Readonly<Record<AttachMode, string>> = { view: 'Can view', control: 'Types when you allow it' };
const mayOf = ({ role, types_always }: SessionShare): string =>
  types_always ? 'Types without asking' : rolePhrases[role];
