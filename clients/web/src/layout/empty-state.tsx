import { Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './empty-state.module.css';

/** Nothing here yet: says so, why, and what to do about it. */
export const EmptyState = ({
  icon,
  title,
  text,
  children,
}: {
  icon: ReactNode;
  title: string;
  text: ReactNode;
  children?: ReactNode;
}) => (
  <section className={classes.empty} aria-label={title}>
    <div className={classes.icon} aria-hidden="true">
      {icon}
    </div>
    <Stack gap={6} align="center">
      <Title order={2} size="h3" ta="center">
        {title}
      </Title>
      <Text c="dimmed" ta="center" maw={460}>
        {text}
      </Text>
    </Stack>
    {children}
  </section>
);
