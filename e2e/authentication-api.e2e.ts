import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { stack, useStack } from './support/use-stack.ts';

const run = promisify(execFile);

useStack();

/** The documented line as a person pastes it, but for the host; the status comes on a line of its own. */
const curl = async (line: string): Promise<{ status: number; body: Record<string, unknown> }> => {
  const { stdout } = await run('sh', [
    '-c',
    `${line.replaceAll('https://your-webxterm-instance.com', stack.url)} -sS -w '\\n%{http_code}'`,
  ]);
  const end = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(end + 1)), body: JSON.parse(stdout.slice(0, end) || '{}') };
};

describe('the authentication API, as documented', () => {
  let token = '';

  it('signs up', async () => {
    const answer = await curl(`curl -X POST https://your-webxterm-instance.com/api/signup \\
      -H "Content-Type: application/json" \\
      -d '{"username": "johndoe", "email": "john@example.com", "password": "yourpassword"}'`);
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      token: expect.stringMatching(/^eyJ/),
      user: {
        id: expect.stringMatching(/^[0-9a-f]{24}$/),
        username: 'johndoe',
        email: 'john@example.com',
        api_key: expect.stringMatching(/^vsay_ak_[0-9A-Za-z]{32}$/),
      },
    });
  });

  it('signs in', async () => {
    const answer = await curl(`curl -X POST https://your-webxterm-instance.com/api/login \\
      -H "Content-Type: application/json" \\
      -d '{"email": "john@example.com", "password": "yourpassword"}'`);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ user: { username: 'johndoe', email: 'john@example.com' } });
    token = String(answer.body.token);
    const [header, claims] = token
      .split('.')
      .slice(0, 2)
      .map((part): Record<string, unknown> => JSON.parse(Buffer.from(part, 'base64url').toString()));
    expect(header?.alg).toBe('HS256');
    expect(Number(claims?.exp) - Number(claims?.iat)).toBe(24 * 3600);
  });

  it('refreshes a token that is still valid', async () => {
    const answer = await curl(`curl -X POST https://your-webxterm-instance.com/api/auth/refresh \\
      -H "Content-Type: application/json" \\
      -d '{"token": "${token}"}'`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ token: expect.stringMatching(/^eyJ/) });
    expect(answer.body.token).not.toBe(token);
  });

  it('accepts the token on other calls', async () => {
    const answer = await curl(`curl -H "Authorization: Bearer ${token}" \\
      https://your-webxterm-instance.com/api/machines`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      machines: [],
      total: 0,
      page: 1,
      limit: expect.any(Number),
      total_pages: 0,
      next_cursor: null,
    });
  });
});
