import { Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './empty-state.module.css';

/** An empty list: says why it is empty and what to do next. */
export const EmptyState = ({
  icon,
  title,
  text,
  isPage = false,
  children,
}: {
  icon: ReactNode;
  title: string;
  text?: ReactNode;
  /** It is all that the page shows, so its title is that of the page. */
  isPage?: boolean;
  children?: ReactNode;
}) => (
  <section className={classes.empty} aria-label={title}>
    <div className={classes.icon} aria-hidden="true">
      {icon}
    </div>
    <Stack gap={6} align="center">
      <Title order={isPage ? 1 : 2} size="h3" ta="center">
        {title}
      </Title>
      {text !== undefined && (
        <Text c="dimmed" ta="center" maw={460}>
          {text}
        </Text>
      )}
    </Stack>
    {children}
  </section>
);
