import { AgentId } from '@webxterm/contracts/rest';
import { describe, expect, it } from 'vitest';
import { makeAgentId } from './agent-id.ts';
import { cleanMachineName, maxMachineName, numberedName } from './machine-name.ts';

describe('a new machine', () => {
  it('gets a unique id of the agreed shape', () => {
    const ids = Array.from({ length: 200 }, makeAgentId);
    for (const id of ids) expect(AgentId.parse(id)).toBe(id);
    expect(new Set(ids).size).toBe(200);
  });

  it('gets the name that its agent reports, without invisible characters', () => {
    expect(cleanMachineName(' web\u202e-1\u0000 ', 'host')).toBe('web-1');
    expect(cleanMachineName('\u200b', 'host')).toBe('host');
    expect(cleanMachineName('', ' ')).toBe('machine');
    expect([...cleanMachineName('🦊'.repeat(100))]).toHaveLength(maxMachineName);
  });

  it('gets a number when its owner has another by that name', () => {
    expect(numberedName('box', 1)).toBe('box');
    expect(numberedName('box', 2)).toBe('box-2');
    expect(numberedName('b'.repeat(64), 12)).toBe(`${'b'.repeat(61)}-12`);
  });
});
