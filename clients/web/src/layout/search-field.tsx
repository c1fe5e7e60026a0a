import { CloseButton, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import classes from './search-field.module.css';

const typingPauseMs = 250;

interface SearchFieldProps {
  readonly label: string;
  readonly placeholder: string;
  /** The text by which the list is filtered. Undefined: all entries are shown. */
  readonly search: string | undefined;
  /** Called after a pause in typing. */
  readonly onSearch: (search: string | undefined) => void;
}

export const SearchField = ({ label, placeholder, search, onSearch }: SearchFieldProps) => {
  const [typed, setTyped] = useState(search ?? '');
  const seek = useDebouncedCallback(
    (text: string) => onSearch(text.trim() === '' ? undefined : text.trim()),
    typingPauseMs,
  );
  const type = (text: string): void => {
    setTyped(text);
    seek(text);
  };
  // Another part of the page removed the filter.
  useEffect(() => {
    if (search === undefined) setTyped('');
  }, [search]);
  return (
    <TextInput
      className={classes.search}
      size="sm"
      type="search"
      aria-label={label}
      placeholder={placeholder}
      value={typed}
      onChange={(event) => type(event.currentTarget.value)}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={typed !== '' && <CloseButton size="sm" aria-label="Clear the search" onClick={() => type('')} />}
    />
  );
};
