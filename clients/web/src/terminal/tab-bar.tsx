import { ActionIcon, Tooltip } from '@mantine/core';
import { IconChevronDown, IconLayoutColumns, IconPlus, IconX } from '@tabler/icons-react';
import { type KeyboardEvent, useEffect, useState } from 'react';
import { flushSync } from 'react-dom';
import { isChoice, LinuxUserMenu } from '../machines/linux-user-menu.tsx';
import classes from './tab-bar.module.css';
import { sideOf, tabType } from './tab-drag.ts';
import type { TabLabels } from './tab-labels.ts';
import { TabNameField } from './tab-name-field.tsx';
import { maxPanes, maxTabs, shownTabs, type TabPlace, type Tabs } from './tab-store.ts';

export interface TabSigns {
  /** Background tabs in which the bell rang. */
  readonly rang: ReadonlySet<string>;
  /** Tabs whose shell has ended. */
  readonly over: ReadonlySet<string>;
}

export const TabBar = (props: {
  tabs: Tabs;
  labels: TabLabels;
  signs: TabSigns;
  onPick: (key: string) => void;
  /** The Linux users that a new shell on the active machine may run as, the default first. */
  users: readonly string[];
  onNew: (linuxUser?: string) => void;
  onSplit: () => void;
  onClose: (key: string) => void;
  /** A tab is dragged; undefined: no longer. */
  onDrag: (key: string | undefined) => void;
  dragged: string | undefined;
  onMove: (key: string, place: TabPlace) => void;
  /** Moves a tab one place by the keyboard. */
  onShift: (key: string, steps: 1 | -1) => void;
  onRename: (key: string, name: string) => void;
}) => {
  const { tabs, active } = props.tabs;
  const { labels } = props;
  const shown = shownTabs(props.tabs);
  const front = tabs.find((tab) => tab.key === active);
  useEffect(() => {
    document.getElementById(`tab-${active}`)?.parentElement?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [active]);
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
    if (event.altKey) {
      props.onShift(tabs[at]?.key ?? '', step === 1 ? 1 : -1);
      return;
    }
    props.onPick(next.key);
    document.getElementById(`tab-${next.key}`)?.focus();
  };
  return (
    <div className={classes.bar}>
      <div className={classes.tabs} role="tablist" aria-label="Shells">
        {tabs.map((tab, at) => (
          // biome-ignore lint/a11y/noStaticElementInteractions: the keyboard moves tabs with Alt and an arrow
          <div
            key={tab.key}
            className={classes.tab}
            role="presentation"
            data-active={tab.key === active}
            data-beside={shown.length > 1 && shown.includes(tab)}
            data-over={props.signs.over.has(tab.key)}
            data-dragged={tab.key === props.dragged}
            draggable={renaming !== tab.key}
            onDragStart={(event) => {
              event.dataTransfer.setData(tabType, tab.key);
              event.dataTransfer.effectAllowed = 'move';
              props.onDrag(tab.key);
            }}
            onDragEnd={() => props.onDrag(undefined)}
            onDragOver={(event) => props.dragged !== undefined && event.preventDefault()}
            onDrop={(event) => {
              if (props.dragged === undefined) return;
              event.preventDefault();
              props.onMove(props.dragged, { key: tab.key, side: sideOf(event) });
              props.onDrag(undefined);
            }}
          >
            {renaming === tab.key && (
              <TabNameField
                name={labels.short(tab)}
                onDone={(name, byKey) => {
                  flushSync(() => setRenaming(undefined));
                  if (name !== undefined && name !== labels.short(tab)) props.onRename(tab.key, name);
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
              title={`${labels.short(tab)}\n${labels.about(tab)}\nDouble-click or F2 to rename`}
              aria-keyshortcuts="F2 Delete Alt+ArrowLeft Alt+ArrowRight"
              onClick={() => props.onPick(tab.key)}
              onDoubleClick={() => setRenaming(tab.key)}
              onAuxClick={(event) => event.button === 1 && props.onClose(tab.key)}
              onKeyDown={(event) => moveFocus(event, at)}
            >
              {props.signs.rang.has(tab.key) && <i className={classes.bell} role="img" aria-label="rang" />}
              <span>{labels.long(tab)}</span>
              {labels.user(tab) !== undefined && <small className={classes.user}>{labels.user(tab)}</small>}
            </button>
            {/* For the mouse. The keyboard has Delete, and the button after the tabs. */}
            <span className={classes.close} aria-hidden="true" onPointerUp={() => props.onClose(tab.key)}>
              <IconX size={13} stroke={2.2} />
            </span>
          </div>
        ))}
      </div>
      {front !== undefined && (
        <button
          type="button"
          className={classes.closeFront}
          aria-label={`Close ${labels.short(front)}`}
          onClick={() => props.onClose(front.key)}
        >
          Close {labels.short(front)}
        </button>
      )}
      <Tooltip label="New shell (Ctrl+Shift+Enter)">
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label="New shell tab"
          onClick={() => props.onNew()}
          disabled={tabs.length >= maxTabs}
        >
          <IconPlus size={18} />
        </ActionIcon>
      </Tooltip>
      {isChoice(props.users) && (
        <LinuxUserMenu users={props.users} onChoose={props.onNew}>
          <ActionIcon
            className={classes.choose}
            variant="subtle"
            color="gray"
            aria-label="New shell as another Linux user"
            disabled={tabs.length >= maxTabs}
          >
            <IconChevronDown size={15} />
          </ActionIcon>
        </LinuxUserMenu>
      )}
      <Tooltip label="Split (Ctrl+Shift+D)">
        <ActionIcon
          className={classes.split}
          variant="subtle"
          color="gray"
          aria-label="Split"
          onClick={props.onSplit}
          disabled={front === undefined || tabs.length >= maxTabs || shown.length >= maxPanes}
        >
          <IconLayoutColumns size={18} />
        </ActionIcon>
      </Tooltip>
    </div>
  );
};
