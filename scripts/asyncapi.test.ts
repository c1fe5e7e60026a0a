import { readFileSync } from 'node:fs';
import { busPermissions } from '@webxterm/contracts/bus';
import { frameType } from '@webxterm/contracts/frames';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openApiDocument } from '../services/gateway/src/openapi/document.ts';
import { asyncApiText } from './asyncapi.ts';
import { busChannels } from './asyncapi-bus.ts';
import { documentedFrames } from './asyncapi-frames.ts';

const document: {
  channels: Record<string, { address: string | null; messages: Record<string, { payload?: unknown }> }>;
  operations: Record<string, { action: string; channel: { $ref: string } }>;
} = JSON.parse(asyncApiText());

describe('docs/asyncapi.json', () => {
  it('equals the generated document (npm run docs:asyncapi writes it)', () => {
    expect(readFileSync(new URL('../docs/asyncapi.json', import.meta.url), 'utf8')).toBe(asyncApiText());
  });

  it('has every subject that NATS lets a service use, and no other', () => {
    const services = [busPermissions.auth, busPermissions['agent-hub'], busPermissions.terminal];
    const own = /^(?:\$JS|_INBOX|_REPLY|\$KV\.[^.]+\.>)/;
    const allowed = services.flatMap(({ publish, subscribe }) => [...publish, ...subscribe]);
    const subjects = new Set(allowed.filter((subject) => !own.test(subject)));
    const buckets = allowed.filter((subject) => subject.startsWith('$KV.'));
    expect(new Set(busChannels.map(({ subject }) => subject))).toEqual(new Set([...subjects, ...buckets]));
    for (const { subject, summary } of busChannels) expect(summary, subject).not.toBe('');
  });

  it('names who publishes and who subscribes', () => {
    const names = Object.keys(document.operations);
    expect(names).toEqual(
      expect.arrayContaining([
        'agent-hub-sends-auth-apikey-verify',
        'auth-receives-auth-apikey-verify',
        'agent-hub-sends-machines-ID-session_ended',
        'terminal-receives-machines-ID-session_ended',
        'auth-sends-KV-signins-REST',
      ]),
    );
    expect(names).not.toContain('terminal-sends-KV-signins-REST');
  });

  it('has every frame once, in its direction, with an example', () => {
    expect(documentedFrames.map(({ code }) => code).toSorted()).toEqual(Object.values(frameType).toSorted());
    for (const { examples, name } of documentedFrames) expect(examples.length, name).toBeGreaterThan(0);
    const messages = Object.keys(document.channels['terminal-v1']?.messages ?? {});
    expect(messages.length).toBe(documentedFrames.length);
    expect(messages).toEqual(expect.arrayContaining(['up-input', 'down-output', 'up-hello', 'down-hello']));
  });

  it('has every WebSocket that OpenAPI has', () => {
    const served = openApiDocument({ publicUrl: 'https://term.example.org', version: '1', installationId: 'i' });
    const { paths } = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) }).parse(served);
    const upgraded = z.object({ responses: z.object({ 101: z.unknown() }) });
    const sockets = Object.keys(paths).filter((path) => upgraded.safeParse(paths[path]?.get).success);
    const described = Object.values(document.channels).map(({ address }) => address);
    expect(sockets.length).toBeGreaterThan(2);
    expect(new Set(described.filter((address) => address?.startsWith('/')))).toEqual(new Set(sockets));
  });

  it('refers to parts of itself that exist', () => {
    for (const [name, { channel }] of Object.entries(document.operations))
      expect(document.channels, name).toHaveProperty([channel.$ref.replace(/^.*\//, '')]);
    expect(asyncApiText()).not.toContain('#/definitions');
  });
});
