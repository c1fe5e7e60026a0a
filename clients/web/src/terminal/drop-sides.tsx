import { type DragEvent, useState } from 'react';
import classes from './drop-sides.module.css';
import { sideOf } from './tab-drag.ts';
import type { TabPlace } from './tab-store.ts';

/** Lies over the terminals while a tab is dragged: a drop shows it at the left or at the right of the active one. */
export const DropSides = ({ onDrop }: { onDrop: (side: TabPlace['side']) => void }) => {
  const [side, setSide] = useState<TabPlace['side']>();
  const over = (event: DragEvent): void => {
    event.preventDefault();
    setSide(sideOf(event));
  };
  return (
    <div
      className={classes.sides}
      data-testid="drop-sides"
      data-side={side}
      aria-hidden="true"
      onDragOver={over}
      onDragLeave={() => setSide(undefined)}
      onDrop={(event) => {
        event.preventDefault();
        onDrop(sideOf(event));
      }}
    >
      {side !== undefined && <span>Show it {side === 'before' ? 'at the left' : 'at the right'}</span>}
    </div>
  );
};
