import { Button, FileButton, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { UserPicture } from '../layout/user-picture.tsx';
import { useSignIn } from '../sign-in/sign-in-context.ts';
import { useDeleteAvatar, useUploadAvatar } from './own-account-queries.ts';
import classes from './profile-page.module.css';
import { shrinkPicture } from './shrink-picture.ts';

/** The user's picture, with buttons to replace or remove it. */
export const Picture = ({ name, url }: { name: string; url: string | null }) => {
  const upload = useUploadAvatar();
  const remove = useDeleteAvatar();
  const signIn = useSignIn();
  const [refused, setRefused] = useState<string>();
  const put = async (file: File | null): Promise<void> => {
    if (file === null) return;
    setRefused(undefined);
    try {
      const { avatar_url } = await upload.mutateAsync(await shrinkPicture(file));
      signIn.amend({ avatar_url });
    } catch (error) {
      setRefused(error instanceof Error ? error.message : 'The picture could not be uploaded.');
    }
  };
  const takeDown = (): void => {
    setRefused(undefined);
    remove.mutate(undefined, {
      onSuccess: () => signIn.amend({ avatar_url: null }),
      onError: (error) => setRefused(error.message),
    });
  };
  return (
    <div className={classes.picture}>
      <UserPicture name={name} url={url} size={64} />
      <Stack gap={4}>
        <Group gap="xs">
          <FileButton
            onChange={(file) => void put(file)}
            accept="image/*"
            inputProps={{ 'aria-label': 'Picture file' }}
          >
            {(props) => (
              <Button {...props} size="xs" variant="default" loading={upload.isPending}>
                {url === null ? 'Upload a picture' : 'Replace the picture'}
              </Button>
            )}
          </FileButton>
          {url !== null && (
            <Button size="xs" variant="subtle" color="gray" loading={remove.isPending} onClick={takeDown}>
              Remove it
            </Button>
          )}
        </Group>
        <Text size="xs" c={refused === undefined ? 'dimmed' : 'red'} role={refused === undefined ? undefined : 'alert'}>
          {refused ?? 'Administrators see it beside your name.'}
        </Text>
      </Stack>
    </div>
  );
};
