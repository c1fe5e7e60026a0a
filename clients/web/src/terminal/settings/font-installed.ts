/** Characters whose widths differ between fixed-width and proportional fonts. */
const sample = 'mmmmmmmmmmlli1WW@#';

/**
 * Whether the device has a font of this name: text in it is as wide with a fixed-width fallback as with a proportional one.
 *
 * @param name without quotes
 */
export const fontInstalled = (name: string): boolean => {
  const context = document.createElement('canvas').getContext('2d');
  if (context === null) return true;
  const widths = ['monospace', 'serif'].map((fallback) => {
    context.font = `48px "${name}", ${fallback}`;
    return context.measureText(sample).width;
  });
  return widths[0] === widths[1];
};
