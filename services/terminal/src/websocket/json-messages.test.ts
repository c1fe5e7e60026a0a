import { AppError } from '@webxterm/shared';
import { describe, expect, it } from 'vitest';
import { readClientMessage } from './json-messages.ts';

const codeOf = (text: string): string | undefined => {
  try {
    readClientMessage(text);
    return undefined;
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
};

describe('messages of a JSON client', () => {
  it('are input and resize', () => {
    expect(readClientMessage('{"type":"input","input":"ls\\r"}')).toEqual({ type: 'input', input: 'ls\r' });
    expect(readClientMessage('{"type":"resize","rows":24,"cols":80}')).toEqual({ type: 'resize', rows: 24, cols: 80 });
  });

  it('are refused with the reason', () => {
    expect(codeOf('{"type":')).toBe('bad_request');
    for (const text of [
      '1',
      'null',
      '{"type":"output","output":""}',
      '{"type":"resize","rows":0,"cols":0}',
      '{"type":"resize","rows":1001,"cols":80}',
      '{"type":"input","input":1}',
      '{"type":"input","input":"","x":1}',
    ])
      expect(codeOf(text)).toBe('invalid_input');
  });
});
