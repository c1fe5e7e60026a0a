import { useEffect } from 'react';

/** Sets the title of the browser tab: `parts` from the most to the least specific, then the product name. */
export const usePageTitle = (...parts: readonly string[]): void => {
  const title = [...parts.filter((part) => part !== ''), 'WebXTerm'].join(' · ');
  useEffect(() => {
    document.title = title;
  }, [title]);
};
