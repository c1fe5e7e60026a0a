import { connect } from 'node:net';
import { closeCode, decodeDown, encodeUp, type UpFrame } from '@webxterm/contracts/frames';
import { until } from '@webxterm/shared/testing';
import mongoose from 'mongoose';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { useWorld, world } from './testing/use-world.ts';
import { json } from './testing/world.ts';

useWorld();

const v1 = 'webxterm.v1';
const unknownMachine = `ag_${'0'.repeat(26)}`;
const viewerId = new Uint8Array(16).fill(7);
const hello: UpFrame = { type: 'hello', protocolMin: 1, protocolMax: 1, capabilities: 0 };
const attach: UpFrame = { type: 'attach', viewerId, create: true, from: undefined, cols: 80, rows: 24 };

/** Dials with a token. @returns the status of a refusal, or the close code */
const outcome = async (query: Record<string, string>, protocol?: string, agentId?: string): Promise<unknown> => {
  const dialled = await world.dial(query, protocol, agentId);
  if (!dialled.opened) return [dialled.status, dialled.body.code];
  if (protocol === v1) for (const frame of [hello, attach]) dialled.client.socket.send(encodeUp(frame));
  return (await dialled.client.closed).code;
};

/** A v1 socket, with the received frames. */
const v1Socket = async (
  query: Record<string, string>,
): Promise<{ socket: WebSocket; frames: string[]; pass: () => string }> => {
  const dialled = await world.dial(query, v1);
  if (!dialled.opened) throw new Error(`refused: ${dialled.status}`);
  const { socket } = dialled.client;
  const frames: string[] = [];
  let pass = '';
  socket.on('message', (message: Buffer) => {
    const frame = decodeDown(message);
    frames.push(frame.type);
    if (frame.type === 'pass') pass = frame.pass;
  });
  return { socket, frames, pass: () => pass };
};

describe('a client of the terminal service', () => {
  it('is refused without a valid token', async () => {
    const [head, payload, signature] = world.token.split('.');
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
    const unauthenticated = [401, 'unauthenticated'];
    expect(await outcome({})).toEqual(unauthenticated);
    expect(await outcome({ token: `${head}.${payload}.${'A'.repeat(signature?.length ?? 0)}` })).toEqual(
      unauthenticated,
    );
    expect(await outcome({ token: `${none}.${payload}.` })).toEqual(unauthenticated);
    const { api_key } = JSON.parse(JSON.stringify((await json(await world.api('GET', 'profile'))).user));
    for (const token of [String(api_key), 'wxt_tk_e30.AAAA', 'wxt_rp_', 'wxt_lp_e30.AAAA', 'wxt_tk_%%%.AAAA'])
      expect(await outcome({ token }, v1)).toEqual(unauthenticated);
  });

  it('has a ticket that is valid once, for one machine and session, and as nothing else', async () => {
    const { ticket, sessionId } = await world.ticket();
    expect((await world.api('GET', 'profile', undefined, ticket)).status).toBe(401);
    const renamed = ticket.replace('wxt_tk_', 'wxt_rp_');
    expect(await outcome({ token: renamed }, v1)).toEqual([401, 'unauthenticated']);
    const { socket, frames, pass } = await v1Socket({ token: ticket });
    socket.send(encodeUp(hello));
    socket.send(encodeUp(attach));
    await until(() => frames.includes('pass'));
    expect(frames.slice(0, 3)).toEqual(['hello', 'accepted', 'pass']);
    expect(await outcome({ token: ticket }, v1)).toEqual([401, 'unauthenticated']);
    expect((await world.api('GET', 'profile', undefined, pass())).status).toBe(401);

    const again = await v1Socket({ token: pass() });
    expect(await outcome({ token: pass() }, v1)).toEqual([401, 'unauthenticated']);
    again.socket.send(encodeUp(hello));
    again.socket.send(encodeUp({ ...attach, viewerId: new Uint8Array(16) }));
    await until(() => again.frames.includes('refused')); // the pass is for another viewer
    const other = await world.ticket();
    expect(await outcome({ token: other.ticket, session_id: sessionId }, v1)).toBe(closeCode.unauthenticated);
    const third = await world.ticket();
    expect(await outcome({ token: third.ticket }, v1, unknownMachine)).toBe(closeCode.unauthenticated);
    socket.terminate();
  });

  it('receives 404 for a machine or session that is unknown or not theirs, by status or by close code', async () => {
    const { token } = world;
    const outsider = await world.signUp('outsider');
    const machine = [404, 'machine_not_found'];
    expect(await outcome({ token }, undefined, unknownMachine)).toEqual(machine);
    expect(await outcome({ token }, undefined, 'ag_x')).toEqual(machine);
    expect(await outcome({ token: outsider })).toEqual(machine);
    expect(await outcome({ token: outsider }, v1)).toBe(closeCode.notFound);
    expect(await outcome({ token }, v1, unknownMachine)).toBe(closeCode.notFound);
    await expect(world.ticket(undefined, outsider)).rejects.toMatchObject({ code: 'machine_not_found' });

    const mine = await world.shell();
    const session = String(mine.headers['x-session-id']);
    expect(await outcome({ token: outsider, session_id: session })).toEqual([404, 'session_not_found']);
    await expect(world.ticket(session, outsider)).rejects.toMatchObject({ code: 'session_not_found' });
    expect((await world.api('DELETE', `terminal/sessions/${session}`, undefined, outsider)).status).toBe(404);
    const listed = (await json(await world.api('GET', 'terminal/sessions', undefined, outsider))).sessions;
    expect(listed).toEqual([]);
    expect(await outcome({ token, session_id: 'A'.repeat(22) })).toEqual([404, 'session_not_found']);
    expect(await outcome({ token, cols: '0', rows: '0' })).toEqual([400, 'invalid_input']);
    expect(await outcome({ token, mode: 'view' })).toEqual([400, 'invalid_input']);
    expect((await world.api('DELETE', `terminal/sessions/${session}`)).status).toBe(204);
    await mine.closed;
  });

  it('cannot open a new shell under the id of an ended session', async () => {
    const client = await world.raw();
    const session = String(client.headers['x-session-id']);
    await until(async () => JSON.stringify(await json(await world.api('GET', 'terminal/sessions'))).includes(session));
    client.send('exit 4\n');
    await client.closed;
    await until(async () => !JSON.stringify(await json(await world.api('GET', 'terminal/sessions'))).includes(session));
    const late = world.viewer({ resume: { sessionId: session, viewerId: 'AAAAAAAAAAAAAAAAAAAAAA' } });
    await until(() => late.state === 'ended');
    expect(late.ids?.created ?? false).toBe(false);
  });
});

describe('the kind of a session', () => {
  const message = 'This server has no sessions of kind fax, only of: pty.';

  it('of a kind that only the service opens is refused', async () => {
    for (const kind of ['files_read', 'files_write']) {
      const refused = `This server has no sessions of kind ${kind}, only of: pty.`;
      expect(await world.dial({ token: world.token, kind })).toMatchObject({
        body: { code: 'kind_not_supported', error: refused },
      });
      const ticket = await world.api('POST', 'terminal/tickets', { agent_id: world.agentId, kind });
      expect(await json(ticket)).toMatchObject({ code: 'kind_not_supported', error: refused });
    }
  });

  it('that the server does not have is refused by name, by a status or a frame and a close code', async () => {
    const { token } = world;
    expect(await world.dial({ token, kind: 'fax' })).toMatchObject({
      opened: false,
      status: 409,
      body: { code: 'kind_not_supported', error: message },
    });
    const ticket = await world.api('POST', 'terminal/tickets', { agent_id: world.agentId, kind: 'fax' });
    expect([ticket.status, await json(ticket)]).toMatchObject([409, { code: 'kind_not_supported', error: message }]);
    expect(await outcome({ token, kind: 'No kind!' })).toEqual([400, 'invalid_input']);

    const dialled = await world.dial({ token, kind: 'fax' }, v1);
    if (!dialled.opened) throw new Error(`refused: ${dialled.status}`);
    expect(await dialled.client.closed).toEqual({ code: closeCode.forbidden, reason: message });
    expect(decodeDown(dialled.client.bytes)).toEqual({ type: 'refused', code: 'kind_not_supported', message });

    const records = await mongoose.createConnection(world.secret('mongo-url-terminal')).asPromise();
    expect(await records.collection('terminal_sessions').countDocuments({ kind: 'fax' })).toBe(0);
    await records.close();
  });

  it('is kept: a returning viewer may omit it, and must not name another one', async () => {
    const client = await world.raw({ kind: 'pty' });
    const sessionId = String(client.headers['x-session-id']);
    const { session } = await json(await world.api('GET', `sessions/${sessionId}`));
    expect(session).toMatchObject({ kind: 'pty' });
    expect(await world.dial({ token: world.token, session_id: sessionId, kind: 'fax' })).toMatchObject({
      opened: false,
      status: 400,
      body: { code: 'invalid_input', error: 'This session is of kind pty, not fax.' },
    });
    const body = { agent_id: world.agentId, session_id: sessionId, kind: 'fax' };
    expect((await world.api('POST', 'terminal/tickets', body)).status).toBe(400);
    const back = await world.raw({ session_id: sessionId });
    back.send('exit 5\n');
    expect(await back.closed).toEqual({ code: 1000, reason: 'exit 5' });
  });
});

describe('a hostile or broken client', () => {
  it('that sends invalid frames is closed with 1002, and the service continues', async () => {
    const garbage: (Buffer | string)[][] = [
      ['text'],
      [Buffer.alloc(0)],
      [Buffer.from([0x3f, 1, 2])],
      [Buffer.from(encodeUp(attach))],
      [Buffer.from(encodeUp(hello)), Buffer.from(encodeUp({ type: 'visible', visible: true }))],
      [Buffer.from(encodeUp(hello)), Buffer.from('0500000000', 'hex')], // resize 0 x 0
      [Buffer.from(encodeUp(hello)), Buffer.from(encodeUp(hello))],
      [Buffer.from('01020200000000', 'hex')], // protocol 2 only
    ];
    for (const messages of garbage) {
      const { socket } = await v1Socket({ token: world.token });
      const closed = new Promise((resolve) => socket.once('close', resolve));
      for (const message of messages) socket.send(message);
      expect(await closed).toBe(closeCode.protocolError);
    }
    const tooBig = await v1Socket({ token: world.token });
    const closed = new Promise((resolve) => tooBig.socket.once('close', resolve));
    tooBig.socket.send(Buffer.alloc(1024 * 1024 + 1));
    expect(await closed).toBe(closeCode.tooBig);
    const json = await world.raw({}, 'webxterm.json');
    json.send('not json');
    expect((await json.closed).code).toBe(closeCode.protocolError);
    const raw = await world.raw();
    raw.send('echo alive-$((1+1)); exit\n');
    await raw.says('alive-2');
  });

  it('that sends nothing after the upgrade is closed', async () => {
    const { socket } = await v1Socket({ token: world.token });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    expect(await closed).toBe(closeCode.protocolError);
  });

  it('that does not come through the gateway is refused', async () => {
    const port = world.stack.processes.find(({ name }) => name === 'terminal-1')?.port ?? 0;
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `GET /api/terminal/${world.agentId}/ws?token=${world.token} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n` +
        'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer).toContain('not_gateway');
  });
});

describe('the end of a sign-in', () => {
  it('detaches its terminals within a second, and the shell continues', async () => {
    const { stack } = world;
    const signIn = async (): Promise<string> => {
      const answer = await fetch(`${stack.url}/api/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(stack.admin),
      });
      return String((await json(answer)).token);
    };
    const token = await signIn();
    const raw = await world.raw({ token });
    raw.send('echo here-$((1+1))\n');
    await raw.says('here-2');
    const viewer = world.viewer({}, token);
    await viewer.live();
    const at = performance.now();
    await world.api('POST', 'auth/logout', {}, token);
    expect((await raw.closed).code).toBe(closeCode.unauthenticated);
    await until(() => viewer.state === 'refused');
    expect(performance.now() - at).toBeLessThan(1500);
    expect(viewer.client.state).toMatchObject({ code: 'unauthenticated' });
    const back = await world.raw({ session_id: String(raw.headers['x-session-id']) });
    await back.says('here-2');
    back.send('exit\n');
    await back.closed;
  });
});
