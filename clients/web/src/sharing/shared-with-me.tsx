import { Button, Paper, Text, Title } from '@mantine/core';
import { IconEye } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { AttachMode, SharedSession } from '@webxterm/contracts/rest';
import { localTime } from '../layout/format.ts';
import rows from '../sessions/session-rows.module.css';
import { useSharedWithMe } from './share-queries.ts';

/** The terminals of others that are shared with the user. Nothing while there are none. */
export const SharedWithMe = ({ className }: { className: string | undefined }) => {
  const { data: shares = [] } = useSharedWithMe();
  if (shares.length === 0) return null;
  return (
    <section aria-label="Shared with me">
      <Title order={2} size="h4" mt="xl" mb="sm">
        Shared with me
      </Title>
      <Paper className={className}>
        <ul className={rows.rows}>
          {shares.map((share) => (
            <li key={share.share_id} className={rows.row}>
              <span className={rows.icon} aria-hidden="true">
                <IconEye size={19} stroke={1.7} />
              </span>
              <div className={rows.text}>
                <Text fw={600} truncate>
                  Terminal of {share.owner}
                </Text>
                <Text size="sm" c="dimmed" className={rows.about}>
                  {mayOf(share)} until {localTime(share.expires_at)}
                </Text>
              </div>
              <Button
                component={Link}
                to={`/shared/${share.share_id}`}
                size="xs"
                aria-label={`Open the terminal of ${share.owner}`}
              >
                Open
              </Button>
            </li>
          ))}
        </ul>
      </Paper>
    </section>
  );
};

const rolePhrases: Readonly<Record<AttachMode, string>> = {
  view: 'To view',
  control: 'To view, and to type when allowed',
};
const mayOf = ({ role, types_always }: SharedSession): string =>
  types_always ? 'To view and type' : rolePhrases[role];
