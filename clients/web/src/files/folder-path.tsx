import { Anchor, NativeSelect, Text } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { anyLinuxUser } from '@webxterm/contracts/linux-users';
import type { Machine } from '@webxterm/contracts/rest';
import { queryString } from '@webxterm/rest-client';
import { isChoice } from '../machines/linux-user-menu.tsx';
import { foldersTo, shownName } from './file-names.ts';
import classes from './files-page.module.css';

export const folderAddress = (agentId: string, path: string, user: string | undefined): string =>
  `/machines/${agentId}/files${queryString({ path, user })}`;

/** The folders from the root to the shown one, as links. */
export const FolderPath = ({ agentId, path, user }: { agentId: string; path: string; user: string | undefined }) => {
  const folders = foldersTo(path);
  return (
    <nav aria-label="Folder">
      <ol className={classes.path}>
        {folders.map((folder, at) => (
          <li key={folder.path}>
            {at > 1 && <span aria-hidden="true">/</span>}
            {at === folders.length - 1 ? (
              <Text fw={600} aria-current="page" component="bdi">
                {shownName(folder.name)}
              </Text>
            ) : (
              <Anchor
                component={Link}
                to={folderAddress(agentId, folder.path, user)}
                {...(at === 0 && { 'aria-label': 'The root folder' })}
              >
                {shownName(folder.name)}
              </Anchor>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
};

/** The Linux user, with a choice if there are several. */
export const UserChoice = ({ machine, user }: { machine: Machine; user: string | undefined }) => {
  const navigate = useNavigate();
  const users = (machine.my_linux_users ?? []).filter((name) => name !== anyLinuxUser);
  const usual = users[0] ?? machine.metadata.linux_user;
  if (!isChoice(users)) return <b>{user ?? usual}</b>;
  return (
    <NativeSelect
      size="xs"
      aria-label="Linux user"
      data={[...new Set([...users, ...(user === undefined ? [] : [user])])]}
      value={user ?? usual}
      onChange={(event) => {
        const chosen = event.currentTarget.value;
        void navigate({
          to: '/machines/$agentId/files',
          params: { agentId: machine.agent_id },
          search: chosen === usual ? {} : { user: chosen },
        });
      }}
    />
  );
};
