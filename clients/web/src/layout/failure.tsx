import { Alert, Button, Code, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconPlugConnectedX } from '@tabler/icons-react';
import { ApiError, UnreachableError } from '@webxterm/rest-client';

/** An error message: what happened, the request id for support, and a retry button. */
export const Failure = ({ title, error, onRetry }: { title: string; error: unknown; onRetry?: () => void }) => {
  const away = error instanceof UnreachableError;
  const Icon = away ? IconPlugConnectedX : IconAlertTriangle;
  const requestId = error instanceof ApiError ? error.requestId : undefined;
  return (
    <Alert
      role="alert"
      variant="light"
      color={away ? 'yellow' : 'red'}
      radius="lg"
      icon={<Icon size={20} stroke={1.8} aria-hidden />}
      title={title}
    >
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{error instanceof Error ? error.message : 'Something went wrong.'}</Text>
        {requestId !== undefined && (
          <Text size="xs" c="dimmed">
            Request <Code>{requestId}</Code>
          </Text>
        )}
        {onRetry !== undefined && (
          <Group>
            <Button size="xs" variant="default" onClick={onRetry}>
              Try again
            </Button>
          </Group>
        )}
      </Stack>
    </Alert>
  );
};
