import { Group, Pagination } from '@mantine/core';
import { useEffect } from 'react';

interface ListPagesProps {
  readonly page: number;
  readonly totalPages: number;
  /** `replace`: replace the history entry, because its page does not exist any more. */
  readonly onChange: (page: number, replace: boolean) => void;
}

/** Page controls of a list with at least two pages. When the last row of the last page is removed, it moves to the previous page. */
export const ListPages = ({ page, totalPages, onChange }: ListPagesProps) => {
  const last = Math.max(1, totalPages);
  const beyond = page > last;
  useEffect(() => {
    if (beyond) onChange(last, true);
  }, [beyond, last, onChange]);
  if (totalPages <= 1) return null;
  return (
    <Group justify="center">
      <Pagination
        total={totalPages}
        value={page}
        onChange={(chosen) => onChange(chosen, false)}
        getControlProps={(control) => ({ 'aria-label': `${control} page` })}
        getItemProps={(item) => ({ 'aria-label': `Page ${item}` })}
      />
    </Group>
  );
};
