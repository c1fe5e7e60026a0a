import type { Browser, CDPSession, Page } from 'playwright-core';

/** A task of the page's main thread. Nothing else, a key for example, is handled while it runs. */
export interface Task {
  /** Processor time, ms. It does not depend on what else runs on the machine. */
  readonly threadMs: number;
  readonly wallMs: number;
  /** The parts with the most processor time of their own, as `name ms`. */
  readonly parts: readonly string[];
}

/** An event of the trace that has a duration. µs. `tdur`: processor time. */
interface Span {
  readonly name: string;
  readonly thread: string;
  readonly ts: number;
  readonly dur: number;
  readonly tdur: number;
}

const categories = [
  'devtools.timeline',
  'disabled-by-default-devtools.timeline',
  'v8',
  'disabled-by-default-v8.gc',
  'blink.user_timing',
];
const markPrefix = 'webxterm:';
/** Parts that are shorter are not kept, µs. */
const shortest = 500;
const taskName = 'RunTask';

const endOf = ({ ts, dur }: Span): number => ts + dur;
/** A task cannot take more processor time than time. The kernel counts a thread's time in steps, so that a short task may show more. */
const processorTime = ({ dur, tdur }: Span): number => Math.min(dur, tdur);

const partsOf = (task: Span, spans: readonly Span[]): string[] => {
  const own = new Map<string, number>();
  const add = ({ name }: Span, time: number): void => void own.set(name, (own.get(name) ?? 0) + time);
  const open: Span[] = [];
  for (const span of spans.filter(({ ts }) => ts >= task.ts && ts < endOf(task))) {
    while (open.length > 0 && endOf(open.at(-1) ?? span) <= span.ts) open.pop();
    const parent = open.at(-1);
    if (parent !== undefined) add(parent, -processorTime(span));
    add(span, processorTime(span));
    open.push(span);
  }
  return [...own]
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, 4)
    .map(([name, time]) => `${name} ${Math.round(time / 1000)}`);
};

/** A trace of Chromium, of which the tasks of one page's main thread are kept. */
export class MainThread {
  readonly #session: CDPSession;
  readonly #page: Page;
  readonly #spans: Span[] = [];
  readonly #marks: { name: string; ts: number; thread: string }[] = [];
  readonly #complete: Promise<void>;

  private constructor(session: CDPSession, page: Page) {
    this.#session = session;
    this.#page = page;
    session.on('Tracing.dataCollected', ({ value }) => {
      for (const event of value) this.#take(event);
    });
    this.#complete = new Promise((resolve) => session.on('Tracing.tracingComplete', () => resolve()));
  }

  static async record(browser: Browser, page: Page): Promise<MainThread> {
    const session = await browser.newBrowserCDPSession();
    const recorded = new MainThread(session, page);
    await session.send('Tracing.start', {
      transferMode: 'ReportEvents',
      traceConfig: { includedCategories: categories, excludedCategories: ['*'] },
    });
    return recorded;
  }

  /** Tasks from now on belong to `name`. */
  async mark(name: string): Promise<void> {
    await this.#page.evaluate(`performance.mark(${JSON.stringify(markPrefix + name)})`);
  }

  /** @returns by the name of each mark its tasks, the one with the most processor time first */
  async stop(): Promise<Map<string, Task[]>> {
    await this.#session.send('Tracing.end');
    await this.#complete;
    await this.#session.detach();
    const thread = this.#marks[0]?.thread;
    const spans = this.#spans
      .filter((span) => span.thread === thread)
      .toSorted((one, other) => one.ts - other.ts || other.dur - one.dur);
    const tasks = new Map<string, Task[]>();
    this.#marks.forEach(({ name, ts }, at) => {
      const end = this.#marks[at + 1]?.ts ?? Number.POSITIVE_INFINITY;
      const found = spans.filter((span) => span.name === taskName && endOf(span) > ts && span.ts < end);
      tasks.set(
        name,
        found
          .toSorted((one, other) => processorTime(other) - processorTime(one))
          .map((span) => ({
            threadMs: processorTime(span) / 1000,
            wallMs: span.dur / 1000,
            get parts() {
              return partsOf(span, spans);
            },
          })),
      );
    });
    return tasks;
  }

  #take(event: Readonly<Record<string, unknown>>): void {
    const [name, ts, dur] = [String(event.name), Number(event.ts), Number(event.dur ?? 0)];
    const thread = `${event.pid}:${event.tid}`;
    if (event.ph === 'X' && dur >= shortest) this.#spans.push({ name, thread, ts, dur, tdur: Number(event.tdur ?? 0) });
    else if (name.startsWith(markPrefix)) this.#marks.push({ name: name.slice(markPrefix.length), ts, thread });
  }
}
