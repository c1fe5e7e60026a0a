import type { ForegroundState } from '@webxterm/contracts/frames';
import { EmulatorWidths } from '@webxterm/stream';
import { type ISearchOptions, SearchAddon } from '@xterm/addon-search';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { type ITheme, Terminal } from '@xterm/xterm';
import { CommandMarks } from './command-marks.ts';
import { chosenOptions, type EmulatorChoices, emulatorOptions, thisPlatform } from './emulator-options.ts';
import { markFailed } from './failed-mark.ts';
import { scrollByFinger } from './finger-scroll.ts';
import { FontLoading } from './font-loading.ts';
import { GraphicsDrawing } from './graphics-drawing.ts';
import { takeInsertedText } from './inserted-text.ts';
import { type KeyChoices, ProgramKeys } from './keyboard/program-keys.ts';
import { lineBegun, programRuns } from './leave-question.ts';
import { Ligatures } from './ligatures.ts';
import { followable } from './links.ts';
import { copyAsHtml, copyTrimmed } from './output-copy.ts';
import { asksBeforePaste, type PasteQuestion, safePaste, takePastes } from './paste.ts';
import { isMac } from './platform.ts';
import { PredictionLayer } from './prediction/prediction-layer.ts';
import { ScreenFit } from './screen-fit.ts';
import { ScreenOutput, type Size } from './screen-output.ts';
import { ScreenSignals, type SignalHandlers } from './screen-signals.ts';
import { screenText } from './screen-text.ts';
import { ScrollWatch } from './scroll-watch.ts';
import { copySelections } from './selection-copy.ts';
import { type Shortcut, shortcutOf } from './shortcuts.ts';
import { boundSpokenText } from './spoken-text.ts';

export interface ScreenOptions extends EmulatorChoices, KeyChoices {
  /** Shows typed text before a distant machine has echoed it. */
  readonly prediction: boolean;
  /** Ctrl+V pastes instead of being sent. */
  readonly controlVPastes: boolean;
  readonly copyOnSelect: boolean;
  /** The font draws signs such as `=>` as one. */
  readonly ligatures: boolean;
  readonly pasteQuestion: PasteQuestion;
  readonly theme: ITheme;
}

/** Events of the screen. */
export interface ScreenHandlers extends SignalHandlers {
  /** Typed or pasted by the user. */
  typed(input: string | Uint8Array): void;
  /** Sent by the emulator itself: replies to a live program, focus, mouse motion. */
  replied(bytes: string | Uint8Array): void;
  /** The available space has changed. `size`: the columns and rows that fit. */
  fits(size: Size): void;
  shortcut(shortcut: Exclude<Shortcut, 'copy' | 'paste'>): void;
  /** The pointer is over a link with this target. Undefined: over none. */
  linkShown(address: string | undefined): void;
  /** A link was clicked. `atOnce`: Ctrl or Cmd was held. */
  linkPicked(address: string, atOnce: boolean): void;
  copyFailed(): void;
  /** Text is not pasted before the user agrees, because a program would execute its lines. */
  pasteAsked(text: string): void;
  /** Whether output arrived below the visible part since the user scrolled up. */
  newOutputBelow(below: boolean): void;
  found(matches: { index: number; count: number }): void;
}

/** One xterm.js screen in one element, with all measures that make untrusted output safe to show. */
export class TerminalScreen {
  readonly #terminal: Terminal;
  readonly #handlers: ScreenHandlers;
  /** Prediction of typed text before its echo. */
  readonly prediction: PredictionLayer;
  readonly #output: ScreenOutput;
  readonly #keys: ProgramKeys;
  readonly #signals: ScreenSignals;
  readonly #fit: ScreenFit;
  readonly #search = new SearchAddon({ highlightLimit: 1000 });
  readonly #disposals: (() => void)[] = [];
  readonly #drawing: GraphicsDrawing;
  /** The commands that the shell marks. */
  readonly commands: CommandMarks;
  readonly #font: FontLoading;
  readonly #ligatures: Ligatures;
  readonly #links = {
    activate: (event: MouseEvent, target: string): void => this.#pickLink(event, target),
    hover: (_event: MouseEvent, target: string): void => this.#handlers.linkShown(followable(target)),
    leave: (): void => this.#handlers.linkShown(undefined),
    // `followable` also drops links other than http and https.
    allowNonHttpProtocols: false,
  };
  readonly #scroll: ScrollWatch;
  #options: ScreenOptions;
  #marksPrompt = false;
  /** The last text that was typed. */
  #typed = '';

  constructor(options: ScreenOptions, handlers: ScreenHandlers) {
    this.#handlers = handlers;
    this.#options = options;
    this.#terminal = new Terminal({
      ...emulatorOptions(options, thisPlatform()),
      theme: options.theme,
      linkHandler: this.#links,
    });
    this.#fit = new ScreenFit(this.#terminal, (size) => handlers.fits(size));
    this.#drawing = new GraphicsDrawing(this.#terminal);
    this.#font = new FontLoading(this.#terminal, () => this.#fit.soon());
    this.#ligatures = new Ligatures(this.#terminal);
    this.#scroll = new ScrollWatch(this.#terminal, (below) => handlers.newOutputBelow(below));
    this.prediction = new PredictionLayer(this.#terminal, options.prediction);
    this.prediction.setTheme(options.theme);
    this.#output = new ScreenOutput(this.#terminal, 'utf-8', () => {
      this.prediction.screenChanged();
      this.#signals.report();
      this.#scroll.outputParsed();
      this.#marksPrompt ||= this.#terminal.modes.bracketedPasteMode;
    });
    this.#signals = new ScreenSignals(this.#terminal, () => this.#output.replies.replaying, handlers);
    this.commands = new CommandMarks(this.#terminal, (prompt) => markFailed(this.#terminal, prompt));
    this.#keys = new ProgramKeys(this.#terminal, this.#output.replies, options);
    this.#addAddons();
    this.#listen();
  }

  /** Mounts the screen in `element`, which must be in the page. Returns the size that fits. */
  open(element: HTMLElement): Size {
    this.#terminal.open(element);
    this.prediction.open();
    this.#terminal.textarea?.setAttribute('aria-label', 'Terminal input');
    this.#terminal.attachCustomKeyEventHandler((event) => this.#takeKey(event));
    this.#disposals.push(
      this.#fit.observe(element),
      takePastes(element, (text) => this.paste(text)),
      scrollByFinger(element, this.#terminal),
      copySelections(element, this.#terminal, {
        wanted: () => this.#options.copyOnSelect,
        failed: () => this.#handlers.copyFailed(),
      }),
      boundSpokenText(this.#terminal.element ?? element),
    );
    this.#takeInserted();
    this.#font.use(this.#options.fontFamily);
    this.#ligatures.set(this.#options.ligatures);
    this.#fit.now();
    return { cols: this.#terminal.cols, rows: this.#terminal.rows };
  }

  /** Shows output. `rendered` is called once the emulator has parsed it. */
  write(output: Uint8Array, live: boolean, rendered: () => void): void {
    this.#output.write(output, live, rendered);
  }

  /** Shows a part of a screen snapshot. */
  draw(part: Uint8Array, rendered: () => void): void {
    this.#output.draw(part, rendered);
  }

  setEncoding(encoding: string): void {
    this.#output.setEncoding(encoding);
  }

  /** Writes a note of the page, visually distinct from the shell's output. */
  note(text: string): void {
    this.#output.say(`\r\n\x1b[0;2;3m[${text}]\x1b[0m\r\n`);
  }

  /** Clears the screen, after all output that was written before. */
  reset(): void {
    this.#output.reset(() => this.prediction.reset());
  }

  /** Sets the size for the next output: this size or, with `own`, the one that fits. Applied after the preceding output. */
  followSize(size: Size, own: boolean): void {
    this.#output.follow(size);
    this.#terminal.write('', () => this.#fit.follow(size, own));
  }

  /** Pastes text, or asks first. */
  paste(text: string): void {
    const safe = safePaste(text);
    if (asksBeforePaste(safe, this.#options.pasteQuestion, this.#terminal.modes.bracketedPasteMode))
      this.#handlers.pasteAsked(safe);
    else this.pasteAgreed(safe);
  }

  /** Pastes text that the user has agreed to. */
  pasteAgreed(text: string): void {
    if (text !== '') this.#terminal.paste(safePaste(text));
  }

  /** The screen and the scrollback as text: a line for each line of the output, without the blanks at its end. */
  get text(): string {
    return screenText(this.#terminal);
  }

  /** Copies the selection, or all output if nothing is selected. `trimmed`: without blanks at the ends of lines. */
  copy(as: 'html' | 'trimmed'): void {
    const copied = as === 'html' ? copyAsHtml(this.#terminal) : copyTrimmed(this.#terminal);
    void copied.then((done) => done || this.#handlers.copyFailed());
  }

  /** Removes the scrollback. The line of the cursor stays. */
  clear(): void {
    this.#terminal.clear();
  }

  scrollToEnd(): void {
    this.#terminal.scrollToBottom();
  }

  /** Sends a key of the on-screen row as if typed. */
  press(sequence: string): void {
    this.#terminal.input(this.#keys.asked && sequence === '\x1b' ? '\x1b[27u' : sequence, true);
  }

  get applicationCursorKeys(): boolean {
    return this.#terminal.modes.applicationCursorKeysMode && !this.#keys.asked;
  }

  /** Whether a program runs or a line is begun. `foreground`: what the agent says, if it does. */
  busy(foreground: ForegroundState | undefined): boolean {
    const { buffer, modes } = this.#terminal;
    return (
      lineBegun(this.#typed) ||
      programRuns({
        wholeScreen: buffer.active.type === 'alternate',
        linePrompt: modes.bracketedPasteMode,
        marksPrompt: this.#marksPrompt,
        foreground,
      })
    );
  }

  focus(): void {
    this.#terminal.focus();
  }

  setOptions(options: ScreenOptions): void {
    this.#options = options;
    Object.assign(this.#terminal.options, chosenOptions(options, thisPlatform()), { theme: options.theme });
    this.#font.use(options.fontFamily);
    this.#ligatures.set(options.ligatures);
    this.prediction.setTheme(options.theme);
    this.prediction.setEnabled(options.prediction);
    this.#keys.setOptionIsMeta(options.optionIsMeta);
    this.#fit.soon();
  }

  find(text: string, direction: 'next' | 'previous', options: ISearchOptions): void {
    if (direction === 'next') this.#search.findNext(text, options);
    else this.#search.findPrevious(text, options);
  }

  endSearch(): void {
    this.#search.clearDecorations();
    this.#terminal.clearSelection();
  }

  setShown(shown: boolean): void {
    this.#drawing.setShown(shown);
  }

  dispose(): void {
    for (const dispose of this.#disposals.splice(0)) dispose();
    this.setShown(false);
    this.#font.dispose();
    this.prediction.dispose();
    this.#terminal.dispose();
  }

  #takeInserted(): void {
    const { textarea } = this.#terminal;
    if (textarea === undefined) return;
    const wanted = (): boolean => this.#terminal.options.screenReaderMode === true;
    this.#disposals.push(takeInsertedText(textarea, wanted, (text) => this.#terminal.input(text, true)));
  }

  #addAddons(): void {
    this.#terminal.loadAddon(this.#search);
    new EmulatorWidths(this.#terminal, (reply) => this.#terminal.input(reply, false));
    this.#terminal.loadAddon(new WebLinksAddon(this.#links.activate, this.#links));
  }

  #listen(): void {
    const terminal = this.#terminal;
    const handlers = this.#handlers;
    terminal.onKey(({ key }) => this.#output.replies.keyPressed(key));
    terminal.onData((text) => this.#sendOut(text));
    terminal.onBinary((text) =>
      this.#sendOut(
        text,
        Uint8Array.from(text, (character) => character.charCodeAt(0)),
      ),
    );
    this.#search.onDidChangeResults(({ resultIndex, resultCount }) =>
      handlers.found({ index: resultIndex, count: resultCount }),
    );
  }

  #sendOut(text: string, bytes: string | Uint8Array = text): void {
    const origin = this.#output.replies.originOf(text);
    if (origin === 'typed') {
      this.#typed = text;
      this.#handlers.typed(bytes);
    } else if (origin === 'reply') this.#handlers.replied(bytes);
  }

  #pickLink(event: MouseEvent, target: string): void {
    const address = followable(target);
    if (address !== undefined) this.#handlers.linkPicked(address, event.ctrlKey || event.metaKey);
  }

  /** Handles a key event. False: xterm must ignore the key. */
  #takeKey(event: KeyboardEvent): boolean {
    const shortcut = shortcutOf(event, this.#options.controlVPastes && !isMac());
    if (shortcut === undefined) return !this.#keys.take(event);
    // The browser's default action follows: a paste event, which may read the clipboard without a permission prompt.
    if (shortcut === 'paste') return false;
    event.preventDefault();
    if (event.type !== 'keydown') return false;
    if (shortcut !== 'copy') this.#handlers.shortcut(shortcut);
    else if (this.#terminal.hasSelection() && !document.execCommand('copy')) this.#handlers.copyFailed();
    return false;
  }
}
