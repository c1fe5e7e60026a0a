import { describe, expect, it } from 'vitest';
import { type AccessFacts, allowed, endsSessionsOf, type Person, requireRight } from './access-rule.ts';

const machine = (more: Partial<AccessFacts> = {}): AccessFacts => ({
  agentId: 'ag_1',
  tags: ['Staging'],
  ownerId: 'ann',
  revoked: false,
  grant: undefined,
  ...more,
});
const ann = { userId: 'ann', role: 'user' } as const;
const bob = { userId: 'bob', role: 'user' } as const;
const root = { userId: 'root', role: 'admin' } as const;

const machineRole = (person: Person, facts: AccessFacts | undefined) => allowed(person, facts)?.role;

describe('access to a machine', () => {
  it('is full for its owner, and none for a user without a grant', () => {
    expect(machineRole(ann, machine())).toBe('owner');
    expect(machineRole(bob, machine())).toBeUndefined();
    expect(machineRole(bob, undefined)).toBeUndefined();
  });

  it('is the granted role', () => {
    expect(machineRole(bob, machine({ grant: { role: 'control', linuxUsers: null } }))).toBe('control');
    expect(machineRole(bob, machine({ grant: { role: 'view', linuxUsers: null } }))).toBe('view');
  });

  it('lets an administrator manage every machine, and open terminals only where granted', () => {
    expect(machineRole(root, machine())).toBe('admin');
    expect(machineRole(root, machine({ grant: { role: 'view', linuxUsers: null } }))).toBe('admin');
    expect(machineRole(root, machine({ grant: { role: 'control', linuxUsers: null } }))).toBe('control');
    expect(machineRole(root, machine({ ownerId: 'root' }))).toBe('owner');
  });

  it('ends with the machine', () => {
    for (const person of [ann, bob, root])
      expect(
        machineRole(person, machine({ revoked: true, grant: { role: 'control', linuxUsers: null } })),
      ).toBeUndefined();
  });

  it('lets an administrator who was granted control manage, too', () => {
    expect(allowed(root, machine({ grant: { role: 'control', linuxUsers: null } }))?.rights).toEqual(
      expect.arrayContaining(['open', 'manage']),
    );
    expect(allowed(bob, machine({ grant: { role: 'control', linuxUsers: null } }))?.rights).not.toContain('manage');
  });

  it('without a right is refused with the missing right', () => {
    const view = { rights: ['see'] } as const;
    expect(() => requireRight(view, 'see')).not.toThrow();
    expect(() => requireRight(view, 'open')).toThrow(expect.objectContaining({ code: 'view_only' }));
    expect(() => requireRight(view, 'command')).toThrow(expect.objectContaining({ code: 'view_only' }));
    expect(() => requireRight(view, 'manage')).toThrow(expect.objectContaining({ code: 'forbidden' }));
  });

  it('allows to end all sessions with manage, own sessions with open, and none without either', () => {
    expect(endsSessionsOf({ rights: ['see', 'manage'] }, 'ann')).toBeNull();
    expect(endsSessionsOf({ rights: ['see', 'open', 'manage'] }, 'ann')).toBeNull();
    expect(endsSessionsOf({ rights: ['see', 'open'] }, 'ann')).toBe('ann');
    expect(() => endsSessionsOf({ rights: ['see', 'watch'] }, 'ann')).toThrow(
      expect.objectContaining({ code: 'view_only' }),
    );
  });
});

describe('access by a token', () => {
  const limits = { id: 'pt_1', scopes: ['see', 'open'], machines: [], tags: [], addresses: [] };

  it('is what the scopes leave of the rights of its owner', () => {
    expect(allowed({ ...ann, token: limits }, machine())?.rights).toEqual(['see', 'open']);
    expect(allowed({ ...bob, token: limits }, machine({ grant: { role: 'view', linuxUsers: null } }))?.rights).toEqual([
      'see',
    ]);
    expect(allowed({ ...root, token: limits }, machine())?.rights).toEqual(['see']);
    expect(allowed({ ...bob, token: limits }, machine())).toBeUndefined();
    expect(allowed({ ...ann, token: { ...limits, scopes: ['new_right'] } }, machine())?.rights).toEqual([]);
  });

  it('reaches its machines and tags, in any case of the letters', () => {
    const reaches = (only: object): boolean =>
      allowed({ ...ann, token: { ...limits, ...only } }, machine()) !== undefined;
    expect(reaches({ machines: ['ag_1'] })).toBe(true);
    expect(reaches({ machines: ['ag_2'] })).toBe(false);
    expect(reaches({ tags: ['staging'] })).toBe(true);
    expect(reaches({ tags: ['production'], machines: ['ag_2'] })).toBe(false);
    expect(reaches({ tags: ['production'], machines: ['ag_1'] })).toBe(true);
  });
});
