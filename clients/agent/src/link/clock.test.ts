import { once } from 'node:events';
import { createServer } from 'node:https';
import { createAuthority, issueCertificate } from '@webxterm/stack/pki';
import { expect, it, onTestFinished } from 'vitest';
import { discover } from './addresses.ts';
import { wrongClock } from './clock.ts';

const day = 86_400_000;

it('a clock is wrong from 5 minutes on, by so much', () => {
  const now = Date.parse('2026-11-29T12:00:00Z');
  expect(wrongClock(now, now + 4 * 60_000)).toBeUndefined();
  expect(wrongClock(now, now + 3 * day)).toContain('says 2026-11-29T12:00:00.000Z, 3 days behind');
  expect(wrongClock(now, now - 90 * 60_000)).toContain('2 hours ahead of');
  expect(wrongClock(now, now - 60 * 60_000)).toContain('1 hour ahead of');
});

it.each([
  ['a server of the future', 10 * day, /10 days behind the server's/],
  ['a server of the past', -4000 * day, /4000 days ahead of the server's/],
])('%s: the clock is named as the likely cause, with the amount', async (_what, offset, sentence) => {
  const servers = Date.now() + offset;
  const authority = await createAuthority(servers);
  const pair = await issueCertificate(authority, { names: ['127.0.0.1'], usage: 'server' }, servers);
  const server = createServer({ cert: pair.certificate, key: pair.key }, (_request, response) =>
    response.setHeader('date', new Date(servers).toUTCString()).end('{}'),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  const host = `https://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  await expect(discover(host, { ca: authority.certificate })).rejects.toThrow(sentence);
});
