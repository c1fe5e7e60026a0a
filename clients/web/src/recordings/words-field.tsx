import { Button, Group, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';

/** A field for words and phrases. Searches on Enter or by its button, because each search reads recordings. */
export const WordsField = (props: {
  label: string;
  words: string | undefined;
  onSearch: (words: string | undefined) => void;
}) => {
  const [typed, setTyped] = useState(props.words ?? '');
  return (
    <search>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          props.onSearch(typed.trim() === '' ? undefined : typed.trim());
        }}
      >
        <Group gap="xs" wrap="nowrap">
          <TextInput
            flex={1}
            type="search"
            size="sm"
            maxLength={200}
            aria-label={props.label}
            placeholder={'Words that were on the screen, or a "phrase"'}
            leftSection={<IconSearch size={16} aria-hidden />}
            value={typed}
            onChange={(event) => {
              setTyped(event.currentTarget.value);
              if (event.currentTarget.value === '') props.onSearch(undefined);
            }}
          />
          <Button type="submit" size="sm" variant="default">
            Search
          </Button>
        </Group>
      </form>
    </search>
  );
};
