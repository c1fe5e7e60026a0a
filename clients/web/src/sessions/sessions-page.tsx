import { Button, Paper } from '@mantine/core';
import { IconTerminal2 } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { usePageTitle } from '../brand/page-title.ts';
import { EmptyState } from '../layout/empty-state.tsx';
import { plainDuration } from '../layout/format.ts';
import { PageHeader } from '../layout/page-header.tsx';
import { SharedWithMe } from '../sharing/shared-with-me.tsx';
import { useUser } from '../sign-in/sign-in-context.ts';
import { IdleLimitCard } from './idle-limit-card.tsx';
import { LastWorkspace } from './last-workspace.tsx';
import { MySessions } from './my-sessions.tsx';
import { useSessionLimits } from './session-queries.ts';
import classes from './sessions-page.module.css';

export const SessionsPage = () => {
  usePageTitle('Sessions');
  const idleHours = useSessionLimits().data?.idle_hours ?? undefined;
  const isAdmin = useUser()?.role === 'admin';
  return (
    <>
      <PageHeader
        title="Sessions"
        text={`Shells of yours that are running. Closing a tab leaves them here${limitText(idleHours)}.`}
      />
      <LastWorkspace />
      <Paper className={classes.card} component="section" aria-label="My sessions">
        <MySessions
          empty={
            <EmptyState
              icon={<IconTerminal2 size={28} stroke={1.6} />}
              title="No shell is running"
              text="Open a terminal on one of your machines. It goes on when you close the browser, and you find it here again."
            >
              <Button component={Link} to="/">
                Show my machines
              </Button>
            </EmptyState>
          }
        />
      </Paper>
      <SharedWithMe className={classes.card} />
      {isAdmin && <IdleLimitCard className={classes.card} />}
    </>
  );
};

const limitText = (idleHours: number | undefined): string =>
  idleHours === undefined ? '' : `, and they end after ${plainDuration(idleHours * 3600)} without use`;
