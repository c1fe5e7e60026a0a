import { useEffect } from 'react';

/** Names the page in the browser's tab: `parts` from the most to the least particular, then the product. */
export const usePageTitle = (...parts: readonly string[]): void => {
  const title = [...parts.filter((part) => part !== ''), 'WebXTerm'].join(' · ');
  useEffect(() => {
    document.title = title;
  }, [title]);
};
