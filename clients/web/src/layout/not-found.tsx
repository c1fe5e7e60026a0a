import { Button } from '@mantine/core';
import { IconCompass } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { usePageTitle } from '../brand/page-title.ts';
import { EmptyState } from './empty-state.tsx';

export const NotFound = ({
  title = 'Page not found',
  text = 'There is no page at this address.',
}: {
  title?: string;
  text?: string;
}) => {
  usePageTitle(title);
  return (
    <EmptyState icon={<IconCompass size={28} stroke={1.6} />} title={title} text={text} isPage>
      <Button component={Link} to="/" variant="default">
        Show my machines
      </Button>
    </EmptyState>
  );
};
