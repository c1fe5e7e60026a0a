import { describe, expect, it } from 'vitest';
import { terminalAddress } from './open-client.ts';
import { byteCount, endSentence } from './sentences.ts';
import { type KeyPress, shortcutOf } from './shortcuts.ts';

const press = (key: string, held: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code: '',
  ctrlKey: false,
  shiftKey: false,
  altKey: false,
  metaKey: false,
  ...held,
});

describe('how a shell ended', () => {
  it('is shown with its exit code or signal', () => {
    expect(endSentence({ cause: 'shell_exit', exitCode: 3, signal: undefined })).toBe('shell exited with code 3');
    expect(endSentence({ cause: 'shell_exit', exitCode: 0, signal: undefined })).toBe('shell exited with code 0');
    expect(endSentence({ cause: 'shell_exit', exitCode: undefined, signal: 'SIGKILL' })).toBe(
      'shell ended by signal SIGKILL',
    );
    expect(endSentence({ cause: 'agent_stopped', exitCode: undefined, signal: 'SIGHUP' })).toContain('agent');
  });
});

describe('shortcuts', () => {
  it('leave plain control keys to the shell', () => {
    for (const key of ['c', 'v', 'f', 'd', 'w', 't', 'Enter', 'ArrowRight'])
      expect(shortcutOf(press(key, { ctrlKey: true }))).toBeUndefined();
    expect(shortcutOf(press('a'))).toBeUndefined();
    expect(shortcutOf(press('F', { shiftKey: true }))).toBeUndefined();
  });

  it('take Ctrl+Shift and the zoom keys', () => {
    expect(shortcutOf(press('F', { ctrlKey: true, shiftKey: true }))).toBe('find');
    expect(shortcutOf(press('C', { ctrlKey: true, shiftKey: true }))).toBe('copy');
    expect(shortcutOf(press('V', { ctrlKey: true, shiftKey: true }))).toBe('paste');
    expect(shortcutOf(press('=', { ctrlKey: true }))).toBe('zoom-in');
    expect(shortcutOf(press('+', { ctrlKey: true, shiftKey: true }))).toBe('zoom-in');
    expect(shortcutOf(press('-', { metaKey: true }))).toBe('zoom-out');
    expect(shortcutOf(press('0', { ctrlKey: true }))).toBe('zoom-reset');
    expect(shortcutOf(press('v', { ctrlKey: true }), true)).toBe('paste');
    expect(shortcutOf(press('м', { ctrlKey: true, code: 'KeyV' }), true)).toBe('paste');
    expect(shortcutOf(press('f', { metaKey: true }))).toBe('find');
  });

  it('are found by their place where the layout has no Latin letters, and by what they show where it has', () => {
    const held = { ctrlKey: true, shiftKey: true };
    expect(shortcutOf(press('С', { ...held, code: 'KeyC' }))).toBe('copy');
    expect(shortcutOf(press('Α', { ...held, code: 'KeyF' }))).toBe('find');
    expect(shortcutOf(press('м', { ...held, code: 'KeyV' }))).toBe('paste');
    expect(shortcutOf(press('à', { ctrlKey: true, code: 'Digit0' }))).toBe('zoom-reset');
    // Dvorak has J in the position of C.
    expect(shortcutOf(press('J', { ...held, code: 'KeyC' }))).toBeUndefined();
    expect(shortcutOf(press(')', { ...held, code: 'Digit0' }))).toBeUndefined();
  });

  it('are none with Alt, which is the shell’s Meta and many keyboards’ third level', () => {
    expect(shortcutOf(press('F', { ctrlKey: true, shiftKey: true, altKey: true }))).toBeUndefined();
  });
});

it('the WebSocket goes to the server of the page, and its address contains no secret', () => {
  expect(terminalAddress({ protocol: 'https:', host: 'x.example:8443' }, 'ag_1')).toBe(
    'wss://x.example:8443/api/terminal/ag_1/ws',
  );
  expect(terminalAddress({ protocol: 'http:', host: 'localhost:8080' }, 'ag_1')).toMatch(/^ws:\/\/localhost:8080\//);
});

it('byte counts are short', () => {
  expect([999, 1200, 2_500_000].map(byteCount)).toEqual(['999 B', '1.2 kB', '2.5 MB']);
});
