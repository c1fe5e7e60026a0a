import { Alert, Button, Group, Modal, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core';
import { type AttachMode, type Grantee, maxLinkUses } from '@webxterm/contracts/rest';
import { useState } from 'react';
import type { NewShare } from '../api/share-calls.ts';
import { CopyButton } from '../clipboard/copy-button.tsx';
import { Failure } from '../layout/failure.tsx';
import { PersonQuestion } from '../layout/person-question.tsx';
import classes from './share-dialog.module.css';
import { ShareList } from './share-list.tsx';
import { useCreateShare, useShareGrantee } from './share-queries.ts';

/** Shares the session of the front tab, with a person or by a link, and lists its shares. */
export const ShareDialog = (props: { sessionId: string | undefined; onClose: () => void; onGone: () => void }) => (
  <Modal
    opened={props.sessionId !== undefined}
    onClose={props.onClose}
    onExitTransitionEnd={props.onGone}
    size="lg"
    title={<Text fw={650}>Share this terminal</Text>}
  >
    {props.sessionId !== undefined && <Content sessionId={props.sessionId} />}
  </Modal>
);

/** The address that a guest opens. The secret is behind `#`, so that no server sees it. */
const urlOf = (secret: string): string => `${window.location.origin}/join#${secret}`;

const roles: readonly {
  readonly value: string;
  readonly label: string;
  readonly role: AttachMode;
  readonly always: boolean;
}[] = [
  { value: 'view', label: 'View', role: 'view', always: false },
  { value: 'control', label: 'Type when I allow it', role: 'control', always: false },
  { value: 'always', label: 'Type without asking', role: 'control', always: true },
];
const lives = [
  { value: '15', label: '15 minutes' },
  { value: '60', label: '1 hour' },
  { value: '480', label: '8 hours' },
  { value: '1440', label: '24 hours' },
];
const uses = [1, 2, 5, 10, 25, maxLinkUses].map((count) => ({
  value: String(count),
  label: count === 1 ? '1 user' : `${count} users`,
}));

const Content = ({ sessionId }: { sessionId: string }) => {
  const [by, setBy] = useState('person');
  const [role, setRole] = useState('view');
  const [minutes, setMinutes] = useState('60');
  const create = useCreateShare(sessionId);
  const chosen = roles.find(({ value }) => value === role);
  const share: NewShare = {
    role: chosen?.role ?? 'view',
    types_always: chosen?.always ?? false,
    minutes: Number(minutes),
  };
  const secret = create.data?.secret ?? undefined;
  return (
    <Stack>
      <Text size="sm">
        Guests see all that this terminal shows, also earlier output that the machine still holds. They get no access to
        the machine. A guest who types does so as your Linux user.
      </Text>
      <SegmentedControl
        fullWidth
        aria-label="Share with"
        value={by}
        onChange={(value) => {
          setBy(value);
          create.reset();
        }}
        data={[
          { value: 'person', label: 'With a user' },
          { value: 'link', label: 'With a link' },
        ]}
      />
      <Group grow align="flex-end">
        <Select
          label="Guests may"
          data={[...roles]}
          value={role}
          allowDeselect={false}
          onChange={(value) => setRole(value ?? 'view')}
        />
        <Select
          label="Ends after"
          data={lives}
          value={minutes}
          allowDeselect={false}
          onChange={(value) => setMinutes(value ?? '60')}
        />
      </Group>
      {by === 'person' ? (
        <WithPerson sessionId={sessionId} share={share} create={create} />
      ) : (
        <WithLink share={share} create={create} />
      )}
      {create.isError && <Failure title="The terminal was not shared" error={create.error} />}
      {secret !== undefined && (
        <>
          <div className={classes.link}>
            <code data-testid="share-link">{urlOf(secret)}</code>
            <CopyButton label="Copy the link" text={() => urlOf(secret)} />
          </div>
          <Alert color="yellow" variant="light">
            The link is shown only now. It works only for users who are signed in here.
          </Alert>
        </>
      )}
      <ShareList sessionId={sessionId} />
    </Stack>
  );
};

interface FormProps {
  readonly share: NewShare;
  readonly create: ReturnType<typeof useCreateShare>;
}

const WithPerson = ({ sessionId, share, create }: FormProps & { sessionId: string }) => {
  const grantee = useShareGrantee(sessionId);
  const [user, setUser] = useState('');
  const find = (event: React.FormEvent): void => {
    event.preventDefault();
    create.reset();
    if (user.trim() !== '') grantee.mutate(user.trim());
  };
  const give = ({ username, user_id }: Grantee): void =>
    create.mutate(
      { ...share, user: username, user_id },
      {
        onSuccess: () => setUser(''),
        onSettled: () => grantee.reset(),
      },
    );
  return (
    <form onSubmit={find}>
      <Stack gap="sm">
        <Group align="flex-end" gap="sm">
          <TextInput
            label="Username or e-mail"
            size="sm"
            value={user}
            autoComplete="off"
            data-autofocus
            onChange={(event) => {
              setUser(event.currentTarget.value);
              grantee.reset();
            }}
            style={{ flex: '1 1 10rem' }}
          />
          <Button type="submit" loading={grantee.isPending} disabled={user.trim() === ''}>
            Share
          </Button>
        </Group>
        {grantee.data !== undefined && (
          <PersonQuestion
            label="Share with this user?"
            person={grantee.data}
            busy={create.isPending}
            onYes={give}
            onCancel={() => grantee.reset()}
          />
        )}
        {grantee.isError && <Failure title="Nobody was found" error={grantee.error} />}
      </Stack>
    </form>
  );
};

const WithLink = ({ share, create }: FormProps) => {
  const [count, setCount] = useState('1');
  return (
    <Group align="flex-end" gap="sm">
      <Select
        label="For"
        data={uses}
        value={count}
        allowDeselect={false}
        onChange={(value) => setCount(value ?? '1')}
        style={{ flex: '1 1 8rem' }}
      />
      <Button loading={create.isPending} onClick={() => create.mutate({ ...share, uses: Number(count) })}>
        Create link
      </Button>
    </Group>
  );
};
