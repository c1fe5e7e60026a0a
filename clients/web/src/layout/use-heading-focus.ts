import { useRouterState } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';

/** How long a page may take until it has its heading, ms. Afterwards the focus stays where it is. */
const waitMs = 5_000;

/**
 * Moves the focus to the heading of the page after the route has changed, so that screen readers say where the user is, and Tab continues
 * there. Not after the first load, after a change of the search alone, or if the page has focused a field itself.
 */
export const useHeadingFocus = (): void => {
  const path = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname });
  const shown = useRef(path);
  useEffect(() => {
    const before = shown.current;
    shown.current = path;
    if (before === undefined || before === path) return;
    const until = performance.now() + waitMs;
    let frame = 0;
    const look = (): void => {
      const field = document.activeElement?.closest('main input, main textarea, [role=dialog]');
      if (field != null || performance.now() > until) return;
      const heading = document.querySelector<HTMLElement>('main h1');
      if (heading === null) {
        frame = requestAnimationFrame(look);
        return;
      }
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
    };
    look();
    return () => cancelAnimationFrame(frame);
  }, [path]);
};
