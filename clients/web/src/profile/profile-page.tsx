import { Button, Group, Paper, Skeleton, Stack, Text } from '@mantine/core';
import { IconEye, IconEyeOff } from '@tabler/icons-react';
import { useState } from 'react';
import { usePageTitle } from '../brand/page-title.ts';
import { CopyButton } from '../clipboard/copy-button.tsx';
import { Failure } from '../layout/failure.tsx';
import { PageHeader } from '../layout/page-header.tsx';
import { maskedKey } from '../machines/install-command.ts';
import { localTime } from '../machines/phrases.ts';
import classes from './profile-page.module.css';
import { useProfile } from './profile-query.ts';

export const ProfilePage = () => {
  usePageTitle('Profile');
  const profile = useProfile();
  const user = profile.data?.user;
  return (
    <Stack maw={760} mx="auto" gap="md">
      <PageHeader title="Profile" />
      {profile.isError && (
        <Failure
          title="Your profile could not be fetched"
          error={profile.error}
          onRetry={() => void profile.refetch()}
        />
      )}
      {profile.isPending && <Skeleton height={220} radius="lg" aria-label="Fetching your profile" />}
      {user !== undefined && (
        <>
          <Paper className={classes.card} component="section" aria-label="Account">
            <h2 className={classes.heading}>Account</h2>
            <dl className={classes.facts}>
              <Fact name="Username" value={user.username} />
              <Fact name="E-mail" value={user.email} />
              <Fact name="Role" value={user.role === 'admin' ? 'Administrator' : 'User'} />
              <Fact name="Member since" value={localTime(user.created_at)} />
            </dl>
          </Paper>
          <ApiKeyCard apiKey={user.api_key} />
        </>
      )}
    </Stack>
  );
};

const Fact = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

const ApiKeyCard = ({ apiKey }: { apiKey: string }) => {
  const [shown, setShown] = useState(false);
  return (
    <Paper className={classes.card} component="section" aria-label="API key">
      <h2 className={classes.heading}>API key</h2>
      <Text c="dimmed" size="sm" mb="sm">
        Agents are configured with it. Whoever has it can add machines to your account: treat it like a password.
      </Text>
      <div className={classes.keyRow}>
        <code className={classes.key} data-testid="api-key">
          {shown ? apiKey : maskedKey(apiKey)}
        </code>
        <Group gap="xs" wrap="nowrap">
          <Button
            size="xs"
            variant="default"
            aria-pressed={shown}
            leftSection={shown ? <IconEyeOff size={15} aria-hidden /> : <IconEye size={15} aria-hidden />}
            onClick={() => setShown(!shown)}
            aria-label={shown ? 'Hide API key' : 'Show API key'}
          >
            {shown ? 'Hide' : 'Show'}
          </Button>
          <CopyButton label="Copy the API key" text={() => apiKey} />
        </Group>
      </div>
    </Paper>
  );
};
