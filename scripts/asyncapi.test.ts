import { readFileSync } from 'node:fs';
import { busPermissions } from '@webxterm/contracts/bus';
import { frameType } from '@webxterm/contracts/frames';
import { describe, expect, it } from 'vitest';
import { asyncApiText } from './asyncapi.ts';
import { busChannels } from './asyncapi-bus.ts';
import { documentedFrames } from './asyncapi-frames.ts';

const document: {
  channels: Record<string, { messages: Record<string, { payload?: unknown }> }>;
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

  it('refers to parts of itself that exist', () => {
    for (const [name, { channel }] of Object.entries(document.operations))
      expect(document.channels, name).toHaveProperty([channel.$ref.replace(/^.*\//, '')]);
    expect(asyncApiText()).not.toContain('#/definitions');
  });
});
