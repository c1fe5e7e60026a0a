import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NodeTerminal } from './support/node-terminal.ts';
import { onlineMachine, Rest } from './support/rest.ts';
import { startTestStack, type TestStack } from './support/stack.ts';

let stack: TestStack;
let rest: Rest;
let agentId = '';

beforeAll(async () => {
  stack = await startTestStack();
  rest = new Rest(stack.url, (await new Rest(stack.url).login(stack.admin)).token);
  agentId = (await onlineMachine(rest)).agent_id;
});
afterAll(() => stack.stop());

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`);

describe('while a shell prints numbered lines', () => {
  it.each([
    ['terminal-1', 1],
    ['agent-hub-1', 0],
    ['gateway-1', 1],
  ])(
    'kill -9 of %s costs the viewer no line and repeats none',
    async (name, breaks) => {
      const terminal = new NodeTerminal(rest, agentId);
      await terminal.untilLive();
      await terminal.run('PS1=; stty -echo');
      terminal.type("i=0; while [ $i -lt 600 ]; do i=$((i+1)); echo line $i; sleep 0.01; done; printf 'all%s' done\n");
      await terminal.untilText('line 100\r');
      await stack.kill(name);
      await terminal.untilText('alldone', 60_000);
      expect(terminal.text().match(/line \d+/g)).toEqual(numbered(1, 600));
      // The browser's own connection breaks only with what it hangs on.
      expect(terminal.breaks).toBe(breaks);
      terminal.close();
    },
    90_000,
  );
});

describe('while someone types', () => {
  it.each(['terminal-1', 'agent-hub-1'])(
    'kill -9 of %s loses no key and doubles none',
    async (name) => {
      const terminal = new NodeTerminal(rest, agentId);
      await terminal.untilLive();
      await terminal.run('PS1=; stty -echo');
      terminal.type('while read line; do echo "got $line"; [ "$line" = end ] && break; done; printf \'all%s\' done\n');
      for (let key = 1; key <= 400; key += 1) {
        terminal.type(`key ${key}\n`);
        if (key === 100) await stack.kill(name);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      terminal.type('end\n');
      await terminal.untilText('alldone', 60_000);
      expect(terminal.text().match(/got key \d+/g)).toEqual(
        Array.from({ length: 400 }, (_, index) => `got key ${index + 1}`),
      );
      terminal.close();
    },
    90_000,
  );
});

describe('while NATS or MongoDB is down', () => {
  it.each(['nats', 'mongod'])(
    'an open terminal does not notice that %s was killed',
    async (name) => {
      const terminal = new NodeTerminal(rest, agentId);
      await terminal.untilLive();
      await terminal.run('PS1=; stty -echo');
      await stack.kill(name);
      for (let round = 1; round <= 20; round += 1) await terminal.run(`echo round ${round}`);
      expect(terminal.text().match(/round \d+/g)).toEqual(
        Array.from({ length: 20 }, (_, index) => `round ${index + 1}`),
      );
      expect(terminal.breaks).toBe(0);
      await stack.healthy();
      terminal.close();
    },
    90_000,
  );
});
