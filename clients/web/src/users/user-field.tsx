import { Select, type SelectProps } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import type { User } from '../api/account-calls.ts';
import { useUserList } from './user-queries.ts';

const typingPauseMs = 250;

interface UserFieldProps extends Pick<SelectProps, 'label' | 'ml' | 'description' | 'size'> {
  /** The ids of users that are not offered. */
  readonly without: readonly string[];
  readonly user: User | null;
  readonly onUser: (user: User | null) => void;
}

/** The field in which an administrator searches and chooses a user. Disabled users are not offered. */
export const UserField = ({ without, user, onUser, ...props }: UserFieldProps) => {
  const [typed, setTyped] = useState('');
  const [search] = useDebouncedValue(typed, typingPauseMs);
  const found = useUserList({ limit: 20, ...(search.trim() === '' ? {} : { search: search.trim() }) });
  const choices = (found.data?.users ?? []).filter(({ id, disabled }) => !without.includes(id) && !disabled);
  const offered = user === null || choices.some(({ id }) => id === user.id) ? choices : [user, ...choices];
  return (
    <Select
      {...props}
      placeholder="Name or e-mail address"
      searchable
      searchValue={typed}
      onSearchChange={setTyped}
      // The server has already filtered by name and address.
      filter={({ options }) => options}
      nothingFoundMessage={found.isPending ? 'Searching' : 'Nobody found'}
      value={user?.id ?? null}
      onChange={(id) => onUser(offered.find((each) => each.id === id) ?? null)}
      // Names can look alike.
      renderOption={({ option }) => offered.find(({ id }) => id === option.value)?.email ?? option.label}
      data={offered.map(({ id, username }) => ({ value: id, label: username }))}
    />
  );
};
