import { ActionIcon, TextInput, Tooltip } from '@mantine/core';
import { IconChevronDown, IconChevronUp, IconLetterCase, IconLetterW, IconRegex, IconX } from '@tabler/icons-react';
import type { ISearchOptions } from '@xterm/addon-search';
import { useState } from 'react';
import classes from './search-bar.module.css';

/** The text keeps its colour, so the background of a match is near that of the terminal. */
const decorations = {
  light: {
    matchBackground: '#fbe3a4',
    matchOverviewRuler: '#c07a10',
    activeMatchBackground: '#ffc15c',
    activeMatchColorOverviewRuler: '#8a4b00',
  },
  dark: {
    matchBackground: '#4a3f14',
    matchOverviewRuler: '#f0a53a',
    activeMatchBackground: '#7a5210',
    activeMatchColorOverviewRuler: '#ffd28a',
  },
};

const choices = [
  { name: 'caseSensitive', label: 'Match case', icon: IconLetterCase },
  { name: 'wholeWord', label: 'Whole words', icon: IconLetterW },
  { name: 'regex', label: 'Regular expression', icon: IconRegex },
] as const;

/** Whether the text is a valid regular expression. */
const isPattern = (text: string): boolean => {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
};

/** Searches the screen and the scrollback. Enter: next match, Shift+Enter: previous match, Escape: close. */
export const SearchBar = (props: {
  matches: { index: number; count: number } | undefined;
  /** Of the terminal's colours. */
  scheme: 'light' | 'dark';
  onFind: (text: string, direction: 'next' | 'previous', options: ISearchOptions) => void;
  onClose: () => void;
}) => {
  const [text, setText] = useState('');
  const [options, setOptions] = useState({ caseSensitive: false, wholeWord: false, regex: false });
  const invalid = options.regex && !isPattern(text);
  const find = (direction: 'next' | 'previous', sought = text, more: ISearchOptions = {}): void => {
    const all = { ...options, decorations: decorations[props.scheme], ...more };
    if (all.regex !== true || isPattern(sought)) props.onFind(sought, direction, all);
  };
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
        {invalid ? 'Invalid expression' : text === '' || props.matches === undefined ? '' : countOf(props.matches)}
      </span>
      {choices.map(({ name, label, icon: Icon }) => (
        <Tooltip key={name} label={label}>
          <ActionIcon
            variant={options[name] ? 'filled' : 'subtle'}
            color={options[name] ? 'petrol' : 'gray'}
            aria-label={label}
            aria-pressed={options[name]}
            onClick={() => {
              const chosen = { ...options, [name]: !options[name] };
              setOptions(chosen);
              find('previous', text, { ...chosen, incremental: true });
            }}
          >
            <Icon size={17} />
          </ActionIcon>
        </Tooltip>
      ))}
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
  if (count === 0) return 'No matches';
  // -1: there are more matches than xterm counts.
  return index < 0 ? `${count}+` : `${index + 1} of ${count}`;
};
