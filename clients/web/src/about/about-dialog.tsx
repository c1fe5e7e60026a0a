import { Anchor, Badge, Group, Modal, Skeleton, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useServer } from '../api/server-context.ts';
import { CopyButton } from '../clipboard/copy-button.tsx';
import { Failure } from '../layout/failure.tsx';
import { type Health, versionText } from './version-text.ts';

/** The version of the server, and the state of its parts. */
export const AboutDialog = ({ onClose }: { onClose: () => void }) => {
  const server = useServer();
  const health = useQuery({ queryKey: ['health'], queryFn: ({ signal }) => server.health(signal), staleTime: 0 });
  return (
    <Modal opened onClose={onClose} title="About WebXTerm" radius="md">
      <Stack gap="md">
        {health.isPending && <Skeleton height={120} radius="md" role="status" aria-busy="true" aria-label="Loading" />}
        {health.data === undefined && health.isError && (
          <Failure
            title="The state of the server could not be loaded"
            error={health.error}
            onRetry={() => void health.refetch()}
          />
        )}
        {health.data !== undefined && <State health={health.data} />}
        <Text size="sm">
          <Anchor href="/api/docs" target="_blank" rel="noreferrer">
            API reference
          </Anchor>
        </Text>
      </Stack>
    </Modal>
  );
};

const states = {
  ok: { text: 'Works', color: 'green' },
  degraded: { text: 'Limited', color: 'yellow' },
  down: { text: 'Down', color: 'red' },
} as const;

const State = ({ health }: { health: Health }) => {
  const version = versionText(health);
  return (
    <>
      <Group justify="space-between" gap="xs">
        <Text fw={650}>{version}</Text>
        <CopyButton text={() => version} label="Copy the version" />
      </Group>
      <Table verticalSpacing={6} horizontalSpacing={4} aria-label="Parts of the server">
        <Table.Tbody>
          {health.parts.map(({ name, status, ready, instances, detail }) => (
            <Table.Tr key={name}>
              <Table.Td>
                {name}
                {detail !== undefined && (
                  <Text size="xs" c="dimmed">
                    {detail}
                  </Text>
                )}
              </Table.Td>
              <Table.Td ta="right">
                <Badge color={states[status].color} variant="light">
                  {instances > 1 ? `${states[status].text}, ${ready} of ${instances}` : states[status].text}
                </Badge>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
};
