/** The most characters of output that a screen reader receives at once: some minutes of speech. */
const longestSpoken = 4096;

/**
 * Bounds the text that xterm.js puts into its live region until the next key. xterm.js counts its lines, not its characters. Output
 * without a line feed would be kept there whole, and megabytes of it would be laid out again each second.
 * @param terminal the emulator's element
 * @returns a function that stops the observers
 */
export const boundSpokenText = (terminal: Element): (() => void) => {
  let region: Element | null = null;
  // Runs before the browser lays out the new text.
  const texts = new MutationObserver(() => {
    const text = region?.textContent ?? '';
    if (region !== null && text.length > longestSpoken)
      region.textContent = `${text.slice(0, longestSpoken - 1).toWellFormed()}…`;
  });
  const watch = (): void => {
    texts.disconnect();
    region = terminal.querySelector('.live-region');
    if (region !== null) texts.observe(region, { childList: true });
  };
  // xterm.js adds and removes the region when screen reader support is switched.
  const regions = new MutationObserver(watch);
  regions.observe(terminal, { childList: true });
  watch();
  return () => {
    regions.disconnect();
    texts.disconnect();
  };
};
