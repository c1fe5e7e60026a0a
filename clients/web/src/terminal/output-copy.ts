import type { Terminal } from '@xterm/xterm';
import { copyHtml, copyText } from '../clipboard/clipboard.ts';
import { screenText } from './screen-text.ts';

/** Lines of scrollback that are copied as HTML if nothing is selected. A line of many colours takes some KB. */
const maxHtmlLines = 1000;

/** The selection, or the screen and the scrollback if nothing is selected. */
const chosenText = (terminal: Terminal): string =>
  terminal.hasSelection() ? terminal.getSelection() : screenText(terminal);

/** Programs such as editors and `less` fill their lines with blanks, which a selection contains. */
export const withoutTrailingBlanks = (text: string): string => text.replaceAll(/[ \t\u00a0]+$/gm, '');

/** Empty cells become blanks, and the fonts have quotes that would end the attribute with the style. */
export const cleanHtml = (html: string, fontFamily: string): string =>
  html
    .replace(`font-family: ${fontFamily};`, 'font-family: monospace;')
    .replaceAll(/(<span>[^<]*?) +<\/span><\/div>/g, '$1</span></div>');

const htmlOf = async (terminal: Terminal): Promise<string> => {
  const { SerializeAddon } = await import('@xterm/addon-serialize');
  const serializer = new SerializeAddon();
  terminal.loadAddon(serializer);
  try {
    const html = serializer.serializeAsHTML({
      onlySelection: terminal.hasSelection(),
      scrollback: maxHtmlLines,
      includeGlobalBackground: true,
    });
    return cleanHtml(html, terminal.options.fontFamily ?? '');
  } finally {
    serializer.dispose();
  }
};

/** Copies the selection, or all output, with its colours. Returns false if the browser does not allow it. */
export const copyAsHtml = (terminal: Terminal): Promise<boolean> => copyHtml(htmlOf(terminal), chosenText(terminal));

/** Copies the selection, or all output, without blanks at the ends of lines. Returns false if the browser does not allow it. */
export const copyTrimmed = (terminal: Terminal): Promise<boolean> =>
  copyText(withoutTrailingBlanks(chosenText(terminal)));
