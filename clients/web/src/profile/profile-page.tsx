import { Skeleton, Stack } from '@mantine/core';
import { usePageTitle } from '../brand/page-title.ts';
import { Failure } from '../layout/failure.tsx';
import { PageHeader } from '../layout/page-header.tsx';
import { AccessTokensCard } from './access-tokens-card.tsx';
import { AccountCard } from './account-card.tsx';
import { ApiKeyCard } from './api-key-card.tsx';
import { BlockedCard } from './blocked-card.tsx';
import { IdentitiesCard } from './identities-card.tsx';
import { LeaveCard } from './leave-card.tsx';
import { PasswordCard } from './password-card.tsx';
import { useProfile } from './profile-query.ts';
import { SecondFactorCard } from './second-factor-card.tsx';
import { SigninsCard } from './signins-card.tsx';

/** The user's account: name and picture, API key, sign-ins, and deletion. */
export const ProfilePage = () => {
  usePageTitle('Profile');
  const profile = useProfile();
  const user = profile.data?.user;
  return (
    <Stack maw={760} mx="auto" gap="md">
      <PageHeader title="Profile" />
      {profile.isError && (
        <Failure
          title="Your profile could not be loaded"
          error={profile.error}
          onRetry={() => void profile.refetch()}
        />
      )}
      {profile.isPending && <Skeleton height={220} radius="lg" role="status" aria-label="Loading your profile" />}
      {user !== undefined && (
        <>
          <AccountCard user={user} />
          <ApiKeyCard user={user} />
          <AccessTokensCard isAdmin={user.role === 'admin'} />
          <SigninsCard />
          <BlockedCard />
          <PasswordCard />
          <SecondFactorCard />
          <IdentitiesCard />
          <LeaveCard />
        </>
      )}
    </Stack>
  );
};
