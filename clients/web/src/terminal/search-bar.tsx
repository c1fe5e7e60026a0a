import { ActionIcon, TextInput, Tooltip } from '@mantine/core';
import { IconChevronDown, IconChevronUp, IconLetterCase, IconX } from '@tabler/icons-react';
import type { ISearchOptions } from '@xterm/addon-search';
import { useState } from 'react';
import classes from './search-bar.module.css';

const decorations = {
  matchBackground: '#6b5a1f',
  matchOverviewRuler: '#f0a53a',
  activeMatchBackground: '#b3741a',
  activeMatchColorOverviewRuler: '#ffd28a',
};

/** Searches the screen and the scrollback. Enter: next match, Shift+Enter: previous match, Escape: close. */
export const SearchBar = (props: {
  matches: { index: number; count: number } | undefined;
  onFind: (text: string, direction: 'next' | 'previous', options: ISearchOptions) => void;
  onClose: () => void;
}) => {
  const [text, setText] = useState('');
  const [caseSensitive, setCaseSensitive] = useState(false);
  const find = (direction: 'next' | 'previous', sought = text, options: ISearchOptions = {}): void =>
    props.onFind(sought, direction, { caseSensitive, decorations, ...options });
  return (
    <search className={classes.bar}>
      <TextInput
        size="xs"
        autoFocus
        aria-label="Find in the terminal"
        placeholder="Find"
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          // Searches upward from the bottom, because recent output is more likely wanted.
          find('previous', event.currentTarget.value, { incremental: true });
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') find(event.shiftKey ? 'next' : 'previous');
          else if (event.key === 'Escape') props.onClose();
          else return;
          event.preventDefault();
        }}
      />
      <span className={classes.count} role="status">
        {text === '' || props.matches === undefined ? '' : countOf(props.matches)}
      </span>
      <Tooltip label="Match case">
        <ActionIcon
          variant={caseSensitive ? 'filled' : 'subtle'}
          color={caseSensitive ? 'petrol' : 'gray'}
          aria-label="Match case"
          aria-pressed={caseSensitive}
          onClick={() => {
            setCaseSensitive(!caseSensitive);
            find('previous', text, { caseSensitive: !caseSensitive, incremental: true });
          }}
        >
          <IconLetterCase size={17} />
        </ActionIcon>
      </Tooltip>
      <ActionIcon variant="subtle" color="gray" aria-label="Match above" onClick={() => find('previous')}>
        <IconChevronUp size={17} />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" aria-label="Match below" onClick={() => find('next')}>
        <IconChevronDown size={17} />
      </ActionIcon>
      <ActionIcon variant="subtle" color="gray" aria-label="Close the search" onClick={props.onClose}>
        <IconX size={17} />
      </ActionIcon>
    </search>
  );
};

const countOf = ({ index, count }: { index: number; count: number }): string => {
  if (count === 0) return 'none';
  // -1: there are more matches than xterm counts.
  return index < 0 ? `${count}+` : `${index + 1} of ${count}`;
};
