import { Group, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

export const PageHeader = ({ title, text, actions }: { title: string; text?: ReactNode; actions?: ReactNode }) => (
  <Group justify="space-between" align="flex-end" mb="lg" gap="md">
    <div style={{ minWidth: 0 }}>
      <Title order={1} size="h2" style={{ letterSpacing: '-0.02em', overflowWrap: 'anywhere' }}>
        {title}
      </Title>
      {text !== undefined && (
        <Text component="div" c="dimmed" mt={2}>
          {text}
        </Text>
      )}
    </div>
    {actions !== undefined && <Group gap="sm">{actions}</Group>}
  </Group>
);
