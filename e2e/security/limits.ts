import { maxClientMessage } from '@webxterm/contracts/frames';
import { describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import type { Answer } from '../support/rest.ts';
import { eventually } from '../support/rest.ts';
import type { Person, World } from './world.ts';

/** Cells of a CSV file in which no cell holds a line break. */
const cellsOf = (csv: string): string[] =>
  [...csv.matchAll(/"((?:[^"]|"")*)"/g)].map(([, cell]) => (cell ?? '').replaceAll('""', '"'));

const exportCsv = async (url: string, token: string): Promise<string> => {
  const answer = await fetch(`${url}/api/audit/export.csv`, { headers: { authorization: `Bearer ${token}` } });
  expect(answer.status).toBe(200);
  return answer.text();
};

export const tryLimits = (world: () => World): void => {
  describe('a message of a client', () => {
    it('over 1 MiB is closed with 1009; one of 1 MiB is input, and other terminals continue', async () => {
      const { stack, agentId, cast, session } = world();
      const socket = new WebSocket(
        `${stack.url.replace('http', 'ws')}/api/terminal/${agentId}/ws?token=${cast.control.token}`,
        { perMessageDeflate: false },
      );
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      const closed = new Promise<number>((resolve) => socket.once('close', resolve));
      // Ctrl-U throws away what a line editor holds.
      socket.send(Buffer.alloc(maxClientMessage, 0x15));
      socket.send(Buffer.alloc(maxClientMessage + 1, 0x15));
      expect(await closed).toBe(1009);
      await session.run('echo one is enough');
    });
  });

  describe('a machine that runs beside the stack, as the same user', () => {
    it('cannot be granted', async () => {
      const { agentId, cast } = world();
      const grant = { username: cast.other.name, role: 'control' };
      const answer: Answer = await cast.owner.rest.post(`/api/machines/${agentId}/access/grant`, grant);
      expect([answer.status, answer.body.code]).toEqual([409, 'machine_hosts_stack']);
    });
  });

  describe('text that a user wrote as a formula', () => {
    it('is text in the CSV of the audit log', async () => {
      const { stack, cast } = world();
      const evil = await world().person('formula');
      for (const username of ['=HYPERLINK("http://evil.example","x")', '@SUM(1+1)']) {
        expect((await evil.rest.send('PATCH', '/api/profile', { username })).status).toBe(200);
        expect((await evil.rest.post('/api/auth/refresh', { token: evil.token })).status).toBe(200);
      }
      const cells = await eventually('both names are in the log', async () => {
        const found = cellsOf(await exportCsv(stack.url, cast.admin.token));
        return found.some((cell) => cell.includes('=HYPERLINK')) && found.some((cell) => cell.includes('@SUM'))
          ? found
          : undefined;
      });
      expect(cells.filter((cell) => /^[=+\-@\t\r]/.test(cell))).toEqual([]);
    });
  });

  describe('ten administrators who are demoted at the same moment', () => {
    it('leave one', async () => {
      const { cast } = world();
      const people = await Promise.all(Array.from({ length: 9 }, (_, at) => world().person(`chief ${at}`)));
      const setRole = ({ rest }: Person, { id }: Person, role: string): Promise<Answer> =>
        rest.send('PATCH', `/api/users/${id}`, { role });
      for (const one of people) expect((await setRole(cast.admin, one, 'admin')).status).toBe(200);
      const ten = [cast.admin, ...people];
      const answers = await Promise.all(ten.map((one) => setRole(one, one, 'user')));
      expect(answers.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 9 }, () => 200), 409]);
      const last = ten[answers.findIndex(({ status }) => status === 409)] ?? cast.admin;
      expect((await last.rest.get('/api/users')).status).toBe(200);
      // As it was, for the attacks that follow.
      if (last === cast.admin) return;
      expect((await setRole(last, cast.admin, 'admin')).status).toBe(200);
      expect((await setRole(cast.admin, last, 'user')).status).toBe(200);
    });
  });
};
