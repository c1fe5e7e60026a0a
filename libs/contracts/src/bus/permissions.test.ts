import { describe, expect, it } from 'vitest';
import { verifyApiKey } from './auth.ts';
import { authorizeMachine } from './machines.ts';
import { busPermissions, replySubject } from './permissions.ts';

const covers = (patterns: readonly string[], subject: string): boolean =>
  patterns.some((pattern) => {
    const wanted = pattern.split('.');
    const given = subject.split('.');
    return (
      wanted.every((part, at) => part === '>' || (given[at] !== undefined && (part === '*' || part === given[at]))) &&
      (wanted.at(-1) === '>' || wanted.length === given.length)
    );
  });

describe('what each service may do on the bus', () => {
  it('lets only auth answer for API keys, and only agent-hub for machines', () => {
    const answerers = (subject: string): string[] =>
      Object.entries(busPermissions)
        .filter(([, rights]) => covers(rights.subscribe, subject))
        .map(([user]) => user);
    expect(answerers(verifyApiKey.subject)).toEqual(['auth']);
    expect(answerers(authorizeMachine.subject)).toEqual(['agent-hub']);
  });

  it('lets only the owner of a bucket write it, and nobody but init update, purge or delete one', () => {
    const writers = (subject: string): string[] =>
      Object.entries(busPermissions)
        .filter(([, rights]) => covers(rights.publish, subject))
        .map(([user]) => user);
    expect(writers('$KV.signins.s.abc')).toEqual(['auth']);
    expect(writers('$KV.presence.agents.ag_x')).toEqual(['agent-hub']);
    for (const call of ['UPDATE', 'PURGE', 'DELETE'])
      expect(writers(`$JS.API.STREAM.${call}.KV_signins`)).toEqual(['init']);
    expect(writers('$JS.API.STREAM.DELETE.AUDIT')).toEqual(['init']);
  });

  it('lets no service direct stored bytes to a subject of its choice', () => {
    for (const [user, rights] of Object.entries(busPermissions)) {
      if (user === 'init') continue;
      for (const stream of ['KV_signins', 'KV_presence', 'EVENTS', 'AUDIT'])
        for (const call of [stream, `${stream}.$KV.signins.s.abc`])
          expect(covers(rights.publish, `$JS.API.DIRECT.GET.${call}`)).toBe(false);
    }
  });

  it('lets no service make a consumer without the filter in the subject of the request, but auth of its own streams', () => {
    for (const [user, rights] of Object.entries(busPermissions)) {
      if (user === 'init') continue;
      const made = ['KV_signins', 'KV_presence', 'EVENTS', 'AUDIT', 'AUDIT_CHECKPOINTS'].filter((stream) =>
        ['', '.mine'].some((name) => covers(rights.publish, `$JS.API.CONSUMER.CREATE.${stream}${name}`)),
      );
      expect(made).toEqual(user === 'auth' ? ['AUDIT_CHECKPOINTS'] : []);
      expect(covers(rights.publish, '$JS.API.CONSUMER.DURABLE.CREATE.EVENTS.mine')).toBe(false);
    }
  });

  it('lets the caller of a request read the reply, and only its service write it', () => {
    const reply = replySubject(verifyApiKey.subject, 'x');
    const users = Object.entries(busPermissions);
    expect(users.filter(([, { subscribe }]) => covers(subscribe, reply)).map(([user]) => user)).toEqual(['agent-hub']);
    expect(users.filter(([, { publish }]) => covers(publish, reply)).map(([user]) => user)).toEqual(['auth']);
  });

  it('lets no service read the inbox of another one', () => {
    for (const [user, rights] of Object.entries(busPermissions)) {
      const inboxes = rights.subscribe.filter((subject) => subject.startsWith('_INBOX'));
      expect(inboxes).toEqual([`_INBOX_${user.replace('-', '_')}.>`]);
    }
  });
});
