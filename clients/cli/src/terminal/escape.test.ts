import { describe, expect, it } from 'vitest';
import { EscapeScanner } from './escape.ts';

const run = (...typed: string[]): string[] => {
  const scanner = new EscapeScanner('~');
  return typed
    .flatMap((text) => scanner.push(Buffer.from(text, 'latin1')))
    .map((step) => (typeof step === 'string' ? `<${step}>` : Buffer.from(step).toString('latin1')));
};

describe('the escape character', () => {
  it('has its meaning at the start of a line only', () => {
    expect(run('~.')).toEqual(['<leave>']);
    expect(run('ls\r~.')).toEqual(['ls\r', '<leave>']);
    expect(run('ls\n~?pwd\r')).toEqual(['ls\n', '<help>', 'pwd\r']);
    expect(run('cd ~.')).toEqual(['cd ~.']);
    expect(run('a~?')).toEqual(['a~?']);
  });

  it('twice is sent once, and with another character as it was typed', () => {
    expect(run('~~.\r')).toEqual(['~.\r']);
    expect(run('~/bin/x\r')).toEqual(['~/bin/x\r']);
    expect(run('~\r~.')).toEqual(['~\r', '<leave>']);
  });

  it('is found when each byte arrives by itself', () => {
    expect(run('\r', '~', '.')).toEqual(['\r', '<leave>']);
    expect(run('~', '~', '.')).toEqual(['~', '.']);
    expect(run('~', 'x')).toEqual(['~x']);
  });

  it('can be used again after the help, as in ssh', () => {
    expect(run('~?~.')).toEqual(['<help>', '<leave>']);
  });

  it('drops everything after the end', () => {
    expect(run('~.rm -rf\r')).toEqual(['<leave>']);
  });

  it('passes on every byte value unchanged', () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
    const scanner = new EscapeScanner('~');
    const sent = [...scanner.push(Buffer.from('x')), ...scanner.push(all)].map((step) =>
      Buffer.from(step as Uint8Array),
    );
    expect(Buffer.concat(sent).subarray(1).equals(all)).toBe(true);
  });
});
