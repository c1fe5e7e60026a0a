import { describe, expect, it } from 'vitest';
import { machineRole, mayManage, mayOpen, type Standing } from './access-rule.ts';

const machine = (more: Partial<Standing> = {}): Standing => ({
  ownerId: 'ann',
  revoked: false,
  grant: undefined,
  ...more,
});
const ann = { userId: 'ann', role: 'user' } as const;
const bob = { userId: 'bob', role: 'user' } as const;
const root = { userId: 'root', role: 'admin' } as const;

describe('access to a machine', () => {
  it('is full for its owner, none for a stranger', () => {
    expect(machineRole(ann, machine())).toBe('owner');
    expect(machineRole(bob, machine())).toBeUndefined();
    expect(machineRole(bob, undefined)).toBeUndefined();
  });

  it('is what was granted', () => {
    expect(machineRole(bob, machine({ grant: 'control' }))).toBe('control');
    expect(machineRole(bob, machine({ grant: 'view' }))).toBe('view');
  });

  it('lets an admin manage everything, and open only what was granted', () => {
    expect(machineRole(root, machine())).toBe('admin');
    expect(machineRole(root, machine({ grant: 'view' }))).toBe('admin');
    expect(machineRole(root, machine({ grant: 'control' }))).toBe('control');
    expect(machineRole(root, machine({ ownerId: 'root' }))).toBe('owner');
  });

  it('ends with the machine', () => {
    for (const person of [ann, bob, root])
      expect(machineRole(person, machine({ revoked: true, grant: 'control' }))).toBeUndefined();
  });

  it('opens terminals for owner and control, manages for owner and admin', () => {
    expect((['owner', 'admin', 'control', 'view'] as const).filter(mayOpen)).toEqual(['owner', 'control']);
    expect((['owner', 'admin', 'control', 'view'] as const).filter(mayManage)).toEqual(['owner', 'admin']);
  });
});
