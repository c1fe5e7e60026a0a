import { setTimeout as delay } from 'node:timers/promises';
import WebSocket from 'ws';
import { z } from 'zod';

const openAtSignal = new URL('open-at-signal.ts', import.meta.url).href;

/** The environment of a Node process that listens for debuggers at this port once it received SIGUSR2. */
export const debuggedAt = (port: number) => ({
  NODE_OPTIONS: `--inspect-port=127.0.0.1:${port} --import=${openAtSignal}`,
});

const openWithinMs = 10_000;

const Targets = z.array(z.looseObject({ webSocketDebuggerUrl: z.string() }));
const Answer = z.looseObject({
  id: z.number().optional(),
  result: z.looseObject({ result: z.looseObject({ value: z.unknown() }).optional() }).optional(),
  error: z.looseObject({ message: z.string() }).optional(),
});

/** A running Node process seen through its debugger: for figures that nothing outside of it can know. */
export interface Inspected {
  /** Frees what can be freed, so that memory means what is held. */
  collectGarbage(): Promise<void>;
  /** The value of an expression there; must be JSON. */
  evaluate(expression: string): Promise<unknown>;
  /** Sends a command of the debugger protocol; gives its answer's `result`. */
  command(method: string, params?: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** Ends the debugger there too, so that the next process can have its port. */
  close(): Promise<void>;
}

/**
 * Opens the debugger of a Node process on this machine that was started with `debuggedAt`.
 * @throws Error when something else listens on the debugger's port
 */
export const inspect = async (pid: number, port: number): Promise<Inspected> => {
  process.kill(pid, 'SIGUSR2');
  const socket = await open(await findDebugger(port));
  const pending = new Map<number, (answer: z.output<typeof Answer>) => void>();
  let lastId = 0;
  socket.on('message', (text: Buffer) => {
    const answer = Answer.parse(JSON.parse(text.toString()));
    if (answer.id !== undefined) pending.get(answer.id)?.(answer);
  });
  const ask = (method: string, params: Record<string, unknown> = {}): Promise<z.output<typeof Answer>> => {
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      pending.set(id, (answer) => {
        pending.delete(id);
        if (answer.error === undefined) resolve(answer);
        else reject(new Error(`${method}: ${answer.error.message}`));
      });
      socket.send(JSON.stringify({ id, method, params }));
    });
  };
  const evaluate = async (expression: string): Promise<unknown> => {
    const answer = await ask('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
    return answer.result?.result?.value;
  };
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    // It ends the connection under the answer.
    void evaluate("setImmediate(() => process.getBuiltinModule('node:inspector').close())").catch(() => {});
    await closed;
  };
  if ((await evaluate('process.pid')) !== pid) {
    socket.terminate();
    throw new Error(`another process listens on the port for debuggers, ${port}: try again`);
  }
  return {
    evaluate,
    close,
    command: async (method, params) => (await ask(method, params)).result ?? {},
    collectGarbage: async () => {
      for (let round = 0; round < 3; round += 1) await ask('HeapProfiler.collectGarbage');
    },
  };
};

const findDebugger = async (port: number): Promise<string> => {
  const giveUpAt = performance.now() + openWithinMs;
  for (;;) {
    try {
      const [target] = Targets.parse(await (await fetch(`http://127.0.0.1:${port}/json/list`)).json());
      if (target !== undefined) return target.webSocketDebuggerUrl;
    } catch (error) {
      if (performance.now() > giveUpAt) throw new Error('the debugger of a process does not open', { cause: error });
    }
    await delay(50);
  }
};

const open = (url: string): Promise<WebSocket> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 512 * 1024 * 1024 });
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
