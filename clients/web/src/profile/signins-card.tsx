import { Badge, Button, Group, Paper, Skeleton, Text } from '@mantine/core';
import { IconDeviceDesktop } from '@tabler/icons-react';
import type { SigninList } from '../api/account-calls.ts';
import { Failure } from '../layout/failure.tsx';
import { ago, localTime } from '../layout/format.ts';
import { useNow } from '../machines/now.ts';
import { deviceName } from './device-name.ts';
import { useEndOtherSignins, useEndSignin, useSignins } from './own-account-queries.ts';
import classes from './profile-page.module.css';

/** The user's sign-ins. Each can be ended. */
export const SigninsCard = () => {
  const signins = useSignins();
  const endOthers = useEndOtherSignins();
  const others = (signins.data ?? []).filter((signin) => !signin.current).length;
  return (
    <Paper className={classes.card} component="section" aria-label="Sign-ins">
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <h2 className={classes.heading}>Where you are signed in</h2>
        {others > 0 && (
          <Button
            flex="none"
            size="xs"
            variant="default"
            loading={endOthers.isPending}
            onClick={() => endOthers.mutate(undefined)}
          >
            {others === 1 ? 'End the other' : `End the ${others} others`}
          </Button>
        )}
      </Group>
      <Text c="dimmed" size="sm" mb="xs">
        Each lasts 30 days at most. When one ends, its terminals are detached; their shells go on.
      </Text>
      {signins.isPending && <Skeleton height={90} radius="md" role="status" aria-label="Loading your sign-ins" />}
      {(signins.isError || endOthers.isError) && (
        <Failure
          title={endOthers.isError ? 'They could not all be ended' : 'Your sign-ins could not be loaded'}
          error={endOthers.error ?? signins.error}
          onRetry={() => void signins.refetch()}
        />
      )}
      <ul className={classes.rows}>
        {signins.data?.map((signin) => (
          <Row key={signin.id} signin={signin} />
        ))}
      </ul>
    </Paper>
  );
};

const Row = ({ signin }: { signin: SigninList[number] }) => {
  const now = useNow();
  const end = useEndSignin();
  const device = deviceName(signin.user_agent);
  return (
    <li className={classes.row}>
      <IconDeviceDesktop size={20} stroke={1.6} aria-hidden />
      <div className={classes.rowText}>
        <Text fw={600} size="sm" title={signin.user_agent}>
          {device}{' '}
          {signin.current && (
            <Badge size="sm" color="green">
              This one
            </Badge>
          )}
        </Text>
        <Text size="xs" c="dimmed" title={`Ends ${localTime(signin.expires_at)} at the latest`}>
          {signin.ip_address} · seen {ago(Date.parse(signin.last_seen_at), now)} · since {localTime(signin.created_at)}
        </Text>
        {end.isError && (
          <Text size="xs" c="red" role="alert">
            {end.error.message}
          </Text>
        )}
      </div>
      {!signin.current && (
        <Button
          size="xs"
          variant="default"
          loading={end.isPending}
          onClick={() => end.mutate(signin.id)}
          aria-label={`End the sign-in of ${device} from ${signin.ip_address}`}
        >
          End
        </Button>
      )}
    </li>
  );
};
