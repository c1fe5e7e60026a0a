import { Button, Group, Stack, Text } from '@mantine/core';
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import { type HistoryState, useLocation } from '@tanstack/react-router';
import { ApiError } from '@webxterm/rest-client';
import { useEffect, useRef } from 'react';
import { z } from 'zod';
import { Failure } from './failure.tsx';

declare module '@tanstack/react-router' {
  interface HistoryState {
    /** Cursors of the pages of a list from the second page to the shown one. The history keeps them over a reload. */
    listCursors?: readonly string[];
  }
}

/** `?cursor=` of a list. Undefined: the first page. */
export const ListCursor = z
  .string()
  .max(4096)
  .regex(/^[A-Za-z0-9_-]+$/)
  .optional()
  .catch(undefined);

/** The state of `useQuery` for the shown page. */
interface ShownPage {
  readonly data: { readonly next_cursor: string | null } | undefined;
  readonly error: Error | null;
  /** `data` is of the page before, until this page has loaded. */
  readonly isPlaceholderData: boolean;
}

interface ListFailureProps {
  /** Shown if there is no earlier list. */
  readonly failed: string;
  readonly list: Pick<ShownPage, 'error'> & { readonly data: unknown; refetch(): unknown };
}

/** The failure of the last fetch of a list. Shows nothing if it succeeded. */
export const ListFailure = ({ failed, list }: ListFailureProps) =>
  list.error !== null && (
    <Stack mb="md">
      <Failure
        title={list.data === undefined ? failed : 'This list may be out of date'}
        error={list.error}
        onRetry={() => void list.refetch()}
      />
    </Stack>
  );

interface Move {
  readonly cursor: string | undefined;
  readonly state: HistoryState;
  /** Replace the history entry, because its page does not exist any more. */
  readonly replace: boolean;
}

interface ListPagesProps {
  /** The cursor in the URL. */
  readonly cursor: string | undefined;
  readonly page: ShownPage;
  /** Count of rows of `page.data`. */
  readonly rows: number;
  readonly onMove: (move: Move) => void;
}

/** The cursors from the second page to the shown one. Undefined if they are unknown, as behind a link that was shared. */
const useCursors = (cursor: string | undefined): readonly string[] | undefined => {
  const cursors = useLocation({ select: ({ state }) => state.listCursors });
  if (cursor === undefined) return [];
  const at = cursors?.indexOf(cursor) ?? -1;
  return at === -1 ? undefined : cursors?.slice(0, at + 1);
};

/**
 * Page controls of a list with at least two pages. When the last row of the last page is removed, or the list refuses the cursor, it moves
 * to the previous page.
 */
export const ListPages = ({ cursor, page, rows, onMove }: ListPagesProps) => {
  const cursors = useCursors(cursor);
  const moveTo = (to: readonly string[], replace: boolean): void =>
    onMove({ cursor: to.at(-1), state: { listCursors: to }, replace });
  const moveBack = (replace: boolean): void => moveTo(cursors?.slice(0, -1) ?? [], replace);
  const gone = cursor !== undefined && (isRefused(page.error) || isEmpty(page, rows));
  // The page is shown until the router has moved: without this, it would move twice.
  const left = useRef<string>(undefined);
  useEffect(() => {
    if (!gone) left.current = undefined;
    else if (left.current !== cursor) {
      left.current = cursor;
      moveBack(true);
    }
  });
  const next = page.isPlaceholderData ? undefined : (page.data?.next_cursor ?? undefined);
  if (cursor === undefined && page.data?.next_cursor == null) return null;
  return (
    <Group justify="center" component="nav" aria-label="Pages">
      <PageButton
        label={cursors === undefined ? 'First page' : 'Previous page'}
        leftSection={<IconChevronLeft size={16} aria-hidden />}
        onPress={cursor === undefined ? undefined : () => moveBack(false)}
      />
      <Text size="sm" c="dimmed" role="status">
        {cursors !== undefined && `Page ${cursors.length + 1}`}
      </Text>
      <PageButton
        label="Next page"
        rightSection={<IconChevronRight size={16} aria-hidden />}
        onPress={next === undefined ? undefined : () => moveTo([...(cursors ?? []), next], false)}
      />
    </Group>
  );
};

const isRefused = (error: Error | null): boolean => error instanceof ApiError && error.code === 'invalid_input';
const isEmpty = ({ data, isPlaceholderData }: ShownPage, rows: number): boolean =>
  data !== undefined && !isPlaceholderData && rows === 0;

interface PageButtonProps {
  readonly label: string;
  /** Undefined: there is no such page. The button keeps the focus, for the next key. */
  readonly onPress: (() => void) | undefined;
  readonly leftSection?: React.ReactNode;
  readonly rightSection?: React.ReactNode;
}

const PageButton = ({ label, onPress, ...sections }: PageButtonProps) => (
  <Button
    variant="default"
    size="xs"
    aria-disabled={onPress === undefined}
    {...(onPress === undefined && { 'data-disabled': true })}
    onClick={() => onPress?.()}
    {...sections}
  >
    {label}
  </Button>
);
