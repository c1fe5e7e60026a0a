import { ActionIcon, Tooltip } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { type KeyboardEvent, useState } from 'react';
import { flushSync } from 'react-dom';
import classes from './tab-bar.module.css';
import { TabNameField } from './tab-name-field.tsx';
import { maxTabs, type Tab, type Tabs } from './tab-store.ts';

/** The label of a tab: the user's name for it, else the shell's title, else its number. */
export const tabName = ({ name, title }: Tab, place: number): string => name ?? (title || `Shell ${place + 1}`);

export interface TabSigns {
  /** Background tabs in which the bell rang. */
  readonly rang: ReadonlySet<string>;
  /** Tabs whose shell has ended. */
  readonly over: ReadonlySet<string>;
}

export const TabBar = (props: {
  tabs: Tabs;
  signs: TabSigns;
  onPick: (key: string) => void;
  onNew: () => void;
  onClose: (key: string) => void;
  onRename: (key: string, name: string) => void;
}) => {
  const { tabs, active } = props.tabs;
  const [renaming, setRenaming] = useState<string>();
  const moveFocus = (event: KeyboardEvent, at: number): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const next = step === 0 ? undefined : tabs[(at + step + tabs.length) % tabs.length];
    if (event.key === 'Delete') props.onClose(tabs[at]?.key ?? '');
    if (event.key === 'F2') {
      event.preventDefault();
      setRenaming(tabs[at]?.key);
    }
    if (next === undefined) return;
    event.preventDefault();
    props.onPick(next.key);
    document.getElementById(`tab-${next.key}`)?.focus();
  };
  return (
    <div className={classes.bar}>
      <div className={classes.tabs} role="tablist" aria-label="Shells">
        {tabs.map((tab, at) => (
          <div
            key={tab.key}
            className={classes.tab}
            data-active={tab.key === active}
            data-over={props.signs.over.has(tab.key)}
          >
            {renaming === tab.key && (
              <TabNameField
                name={tabName(tab, at)}
                onDone={(name, byKey) => {
                  flushSync(() => setRenaming(undefined));
                  if (name !== undefined && name !== tabName(tab, at)) props.onRename(tab.key, name);
                  if (byKey) document.getElementById(`tab-${tab.key}`)?.focus();
                }}
              />
            )}
            <button
              type="button"
              hidden={renaming === tab.key}
              id={`tab-${tab.key}`}
              role="tab"
              aria-selected={tab.key === active}
              aria-controls={`pane-${tab.key}`}
              tabIndex={tab.key === active ? 0 : -1}
              className={classes.name}
              title={`${tabName(tab, at)} (double-click or F2 to rename)`}
              aria-keyshortcuts="F2 Delete"
              onClick={() => props.onPick(tab.key)}
              onDoubleClick={() => setRenaming(tab.key)}
              onAuxClick={(event) => event.button === 1 && props.onClose(tab.key)}
              onKeyDown={(event) => moveFocus(event, at)}
            >
              {props.signs.rang.has(tab.key) && <i className={classes.bell} role="img" aria-label="rang" />}
              <span>{tabName(tab, at)}</span>
            </button>
            <button
              type="button"
              className={classes.close}
              aria-label={`Close ${tabName(tab, at)}`}
              onClick={() => props.onClose(tab.key)}
            >
              <IconX size={13} stroke={2.2} aria-hidden />
            </button>
          </div>
        ))}
      </div>
      <Tooltip label="New shell (Ctrl+Shift+Enter)">
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label="New shell tab"
          onClick={props.onNew}
          disabled={tabs.length >= maxTabs}
        >
          <IconPlus size={18} />
        </ActionIcon>
      </Tooltip>
    </div>
  );
};
