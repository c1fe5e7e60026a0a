import '@mantine/spotlight/styles.layer.css';
import { Spotlight, type SpotlightStore, useSpotlight } from '@mantine/spotlight';
import {
  IconBolt,
  IconPlayerPlay,
  IconPlus,
  IconSearch,
  IconServer2,
  IconTerminal2,
  IconUserCircle,
} from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { mainPages } from '../layout/main-pages.ts';
import { useMachineList } from '../machines/machine-queries.ts';
import { useMachineNames, useMySessions } from '../sessions/session-queries.ts';
import { sessionTitle } from '../sessions/session-title.ts';
import { useUser } from '../sign-in/sign-in-context.ts';

/** An action of the page that shows the palette. */
export interface PageAction {
  readonly label: string;
  /** Its keys, such as `Ctrl+Shift+F`. */
  readonly keys?: string;
  run(): void;
}

interface Entry {
  readonly id: string;
  readonly group: string;
  readonly label: string;
  readonly description?: string | undefined;
  readonly icon: typeof IconBolt;
  run(): void;
}

/** Sessions, machines and actions that are shown at most. Typing finds the others. */
const maxInGroup = 8;

/** An accent is found however it is typed. */
const searched = (text: string): string => text.normalize('NFKC').toLowerCase();

/** Whether the label or the description contains each word of the query. */
const matches = (query: string, { label, description = '' }: Entry): boolean => {
  const text = searched(`${label} ${description}`);
  return searched(query)
    .split(/\s+/)
    .every((word) => text.includes(word));
};

/** Ctrl+K: actions of the page, the user's terminals, machines, and pages. */
export const Palette = (props: { store: SpotlightStore; actions: readonly PageAction[]; onClosed?: () => void }) => {
  const [query, setQuery] = useState('');
  const { opened } = useSpotlight(props.store);
  return (
    <Spotlight.Root
      store={props.store}
      query={query}
      onQueryChange={setQuery}
      // The page has the shortcut, because this component is loaded late.
      shortcut={null}
      {...(props.onClosed !== undefined && { onSpotlightClose: props.onClosed })}
      // A blurred terminal would have to be drawn again with each frame.
      overlayProps={{ backgroundOpacity: 0.35, blur: 0 }}
      centered={false}
      radius="lg"
      scrollable
      maxHeight={440}
      attributes={{ content: { 'aria-label': 'Command palette' } }}
    >
      <Spotlight.Search
        placeholder="Search machines, terminals and actions"
        aria-label="Search machines, terminals and actions"
        leftSection={<IconSearch size={19} stroke={1.7} />}
      />
      {opened && <Entries query={query.trim()} actions={props.actions} />}
    </Spotlight.Root>
  );
};

const Entries = ({ query, actions }: { query: string; actions: readonly PageAction[] }) => {
  const entries = useEntries(query, actions);
  const groups = [...new Set(entries.map(({ group }) => group))];
  return (
    <Spotlight.ActionsList>
      {groups.map((group) => (
        <Spotlight.ActionsGroup key={group} label={group}>
          {entries
            .filter((entry) => entry.group === group)
            .slice(0, group === 'Pages' ? undefined : maxInGroup)
            .map(({ id, label, description, icon: Icon, run }) => (
              <Spotlight.Action
                key={id}
                label={label}
                {...(description !== undefined && description !== '' && { description })}
                leftSection={<Icon size={19} stroke={1.7} aria-hidden />}
                onClick={run}
              />
            ))}
        </Spotlight.ActionsGroup>
      ))}
      {entries.length === 0 && <Spotlight.Empty>Nothing found</Spotlight.Empty>}
    </Spotlight.ActionsList>
  );
};

const useEntries = (query: string, actions: readonly PageAction[]): readonly Entry[] => {
  const navigate = useNavigate();
  const isAdmin = useUser()?.role === 'admin';
  const sessions = useMySessions().data ?? [];
  const machines = useMachineList({ limit: maxInGroup, ...(query !== '' && { search: query }) }).data?.machines ?? [];
  const nameOf = useMachineNames(sessions.map(({ agent_id }) => agent_id));
  const go = (to: string) => (): void => void navigate({ to });
  const others: Entry[] = [
    ...actions.map(({ label, keys, run }) => ({
      id: `action ${label}`,
      group: 'Actions',
      label,
      description: keys,
      icon: IconBolt,
      run,
    })),
    ...sessions.map((session) => ({
      id: session.session_id,
      group: 'My terminals',
      label: sessionTitle(session) ?? 'Shell',
      description: [nameOf(session.agent_id), session.command, session.directory].filter(Boolean).join(' · '),
      icon: IconTerminal2,
      run: go(`/terminal/${session.agent_id}?session=${session.session_id}`),
    })),
  ];
  const pages: Entry[] = [
    ...mainPages(isAdmin),
    { label: 'Run a command', icon: IconPlayerPlay, to: '/runs/new' },
    { label: 'Add a machine', icon: IconPlus, to: '/machines/add' },
    { label: 'Profile and API key', icon: IconUserCircle, to: '/profile' },
  ].map(({ label, icon, to }) => ({ id: to, group: 'Pages', label, icon, run: go(to) }));
  return [
    ...others.filter((entry) => matches(query, entry)),
    // The server has searched name, description and tags.
    ...machines.map(({ agent_id, name, status, tags }) => ({
      id: agent_id,
      group: 'Machines',
      label: name,
      description: [status, ...tags].join(' · '),
      icon: IconServer2,
      run: go(status === 'pending' ? `/machines/${agent_id}` : `/terminal/${agent_id}`),
    })),
    ...pages.filter((entry) => matches(query, entry)),
  ];
};
