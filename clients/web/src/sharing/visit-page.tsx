import '@xterm/xterm/css/xterm.css';
import '@mantine/notifications/styles.layer.css';
import { Button, Loader } from '@mantine/core';
import { Notifications, notifications } from '@mantine/notifications';
import { IconEye } from '@tabler/icons-react';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useServer } from '../api/server-context.ts';
import { Mark } from '../brand/mark.tsx';
import { usePageTitle } from '../brand/page-title.ts';
import { ColorSchemeToggle } from '../layout/app-layout.tsx';
import { EmptyState } from '../layout/empty-state.tsx';
import { usePreferences } from '../terminal/settings/use-preferences.ts';
import classes from '../terminal/terminal-page.module.css';
import { TerminalPane } from '../terminal/terminal-pane.tsx';
import { useSharedWithMe, useWatchedSession } from './share-queries.ts';
import type { Visit } from './visit.ts';

const shared = getRouteApi('/signed-in/shared/$shareId');
const watched = getRouteApi('/signed-in/watch/$agentId/$sessionId');

/** `/shared/:share_id`: the terminal of another user, by a share. */
export const SharedPage = () => {
  const { shareId } = shared.useParams();
  const server = useServer();
  const shares = useSharedWithMe();
  // The share is kept when it ends, so that the terminal says why it ended.
  const found = shares.data?.find(({ share_id }) => share_id === shareId);
  const [share, setShare] = useState(found);
  if (found !== undefined && share === undefined) setShare(found);
  if (share !== undefined)
    return (
      <VisitPage
        agentId={share.agent_id}
        sessionId={share.session_id}
        visit={{ owner: share.owner, ticket: () => server.joinShare(shareId) }}
      />
    );
  return (
    <Frame title="Shared terminal">
      {shares.isPending ? <Loader aria-label="Loading the terminal" /> : <NotShared />}
    </Frame>
  );
};

/** `/watch/:agent_id/:session_id`: the terminal of another user, by the right to watch. */
export const WatchPage = () => {
  const { agentId, sessionId } = watched.useParams();
  const server = useServer();
  const session = useWatchedSession(sessionId);
  if (session.data !== undefined)
    return (
      <VisitPage
        agentId={agentId}
        sessionId={sessionId}
        visit={{ owner: session.data.username, ticket: () => server.watchTicket(agentId, sessionId) }}
      />
    );
  return (
    <Frame title="Terminal of another user">
      {session.isPending ? <Loader aria-label="Loading the terminal" /> : <NotShared />}
    </Frame>
  );
};

const VisitPage = ({ agentId, sessionId, visit }: { agentId: string; sessionId: string; visit: Visit }) => {
  const { preferences, change } = usePreferences();
  const [attempt, setAttempt] = useState(0);
  const title = `Terminal of ${visit.owner}`;
  usePageTitle(title);
  const none = (): void => {};
  return (
    <Frame title={title}>
      <TerminalPane
        key={attempt}
        tab={{ key: 'visit', agentId, sessionId, title: '' }}
        label={title}
        shown
        active
        visit={visit}
        preferences={preferences}
        searching={false}
        onSearchEnd={none}
        handlers={{
          attached: none,
          title: none,
          bell: none,
          notify: none,
          state: none,
          shortcut: none,
          newShell: none,
          attachAgain: () => setAttempt((count) => count + 1),
          activate: none,
          neverAskBeforePaste: () => change({ ...preferences, pasteQuestion: 'never' }),
          mounted: none,
          say: (message) => void notifications.show({ id: message, message, color: 'yellow' }),
        }}
      />
    </Frame>
  );
};

const Frame = ({ title, children }: { title: string; children: React.ReactNode }) => (
  <div className={classes.page}>
    <Notifications position="top-center" autoClose={5000} limit={2} />
    <header className={classes.header}>
      <div className={classes.visited}>
        <Link to="/" className={classes.home} aria-label="WebXTerm, home">
          <Mark size={26} />
        </Link>
        <h1>{title}</h1>
      </div>
      <ColorSchemeToggle />
    </header>
    <main className={classes.panes} data-panes={1}>
      {children}
    </main>
  </div>
);

const NotShared = () => (
  <div className={classes.none}>
    <EmptyState
      icon={<IconEye size={28} stroke={1.6} />}
      title="This terminal is not shared with you"
      text="It or the share has ended, or it is for another account. Ask the user who shared it."
    >
      <Button component={Link} to="/sessions" variant="default">
        My sessions
      </Button>
    </EmptyState>
  </div>
);
