import { describe, expect, it } from 'vitest';
import { iTermNotification, KittyNotifications, urxvtNotification } from './notification-request.ts';

const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

describe('a notification of a program', () => {
  it('is the text of OSC 9, except for the commands of ConEmu', () => {
    expect(iTermNotification('The build is done; 2 warnings')).toEqual({
      title: '',
      body: 'The build is done; 2 warnings',
    });
    expect(iTermNotification('7 tests failed')).toEqual({ title: '', body: '7 tests failed' });
    for (const command of ['4;1;50', '9;/home', '4', '', ' ']) expect(iTermNotification(command)).toBeUndefined();
  });

  it('has a title and a body in OSC 777', () => {
    expect(urxvtNotification('notify;Build;done; 2 warnings')).toEqual({ title: 'Build', body: 'done; 2 warnings' });
    expect(urxvtNotification('notify;Build')).toEqual({ title: 'Build', body: '' });
    for (const other of ['precmd', 'notify;;', '']) expect(urxvtNotification(other)).toBeUndefined();
  });

  it('comes in pieces in OSC 99, as text or base64', () => {
    const all = new KittyNotifications();
    expect(all.take(';Hello')).toEqual({ title: 'Hello', body: '' });
    expect(all.take('i=1:d=0;Bu')).toBeUndefined();
    expect(all.take('i=2:p=body;another')).toEqual({ title: '', body: 'another' });
    expect(all.take('i=1:d=0;ild')).toBeUndefined();
    expect(all.take(`i=1:p=body:e=1;${base64('ist fertig ✓')}`)).toEqual({ title: 'Build', body: 'ist fertig ✓' });
    expect(all.take('i=1;Another')).toEqual({ title: 'Another', body: '' });
    for (const other of ['i=1:p=?;', 'i=1:p=icon;AAAA', 'nothing', '', ';', 'e=1;***'])
      expect(all.take(other)).toBeUndefined();
  });

  it('is visible text of bounded length', () => {
    expect(iTermNotification(`a\u202eb\u200b\n${'x'.repeat(5000)}`)?.body).toBe(`ab ${'x'.repeat(197)}`);
    expect(urxvtNotification(`notify;${'t'.repeat(200)};b`)?.title).toHaveLength(80);
  });

  it('that never ends takes bounded memory', () => {
    const all = new KittyNotifications();
    for (let id = 0; id < 9; id += 1) all.take(`i=${id}:d=0;begun ${id} `);
    expect(all.take('i=0;and ended')?.title).toBe('and ended');
    expect(all.take('i=8;and ended')?.title).toBe('begun 8 and ended');
    for (let piece = 0; piece < 100; piece += 1) all.take(`i=long:d=0;${' '.repeat(100)}`);
    expect(all.take('i=long;behind the bound')).toBeUndefined();
  });
});
