import { Button, Group } from '@mantine/core';

interface MoreButtonProps {
  readonly list: {
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly fetchNextPage: () => unknown;
  };
  /** The text of the button, for example "Show older runs". */
  readonly label: string;
}

/** Below a list of which a page is shown: the next page, if there is one. */
export const MoreButton = ({ list, label }: MoreButtonProps) =>
  list.hasNextPage && (
    <Group justify="center">
      <Button size="xs" variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
        {label}
      </Button>
    </Group>
  );
