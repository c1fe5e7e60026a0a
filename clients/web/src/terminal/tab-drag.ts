import type { DragEvent } from 'react';
import type { TabPlace } from './tab-store.ts';

/** The type of a dragged tab, so that no other page and no text field takes it. */
export const tabType = 'application/x-webxterm-tab';

/** The half of the element that the pointer is over. */
export const sideOf = ({ clientX, currentTarget }: DragEvent): TabPlace['side'] => {
  const { left, width } = currentTarget.getBoundingClientRect();
  return clientX < left + width / 2 ? 'before' : 'after';
};
