import { describe, expect, it } from 'vitest';
import { attachmentHeader, ifRangeOf, rangeOf, writeConditions } from './conditions.ts';

describe('a range', () => {
  it.each([
    ['bytes=0-9', { first: 0, last: 9 }],
    ['bytes=5-', { first: 5 }],
    ['bytes=-500', { suffix: 500 }],
    [' bytes=1-1 ', { first: 1, last: 1 }],
    ['bytes=9-1', null],
    ['bytes=-', null],
    ['bytes=0-1,5-6', null],
    ['lines=0-1', null],
    ['bytes=a-b', null],
    ['bytes=9999999999999999-', null],
    [undefined, null],
  ])('%s', (header, range) => expect(rangeOf(header)).toEqual(range));

  it('applies to one version, or to any', () => {
    expect([ifRangeOf(undefined), ifRangeOf('"1-2"'), ifRangeOf('Mon, 30 Nov 2026 10:00:00 GMT')]).toEqual([
      null,
      '1-2',
      '',
    ]);
  });
});

describe('the conditions of an upload', () => {
  it.each([
    [{}, { onlyNew: false, ifMatch: null }],
    [{ 'if-none-match': '*' }, { onlyNew: true, ifMatch: null }],
    [{ 'if-match': '"1-2"' }, { onlyNew: false, ifMatch: '1-2' }],
    [{ 'if-match': '1-2' }, { onlyNew: false, ifMatch: '1-2' }],
    [{ 'if-match': '*' }, { onlyNew: false, ifMatch: '*' }],
  ])('%j', (headers, conditions) => expect(writeConditions(headers)).toEqual(conditions));

  it.each([
    { 'if-none-match': '"1-2"' },
    { 'if-none-match': '*, *' },
    { 'if-match': '"1", "2"' },
    { 'if-match': 'W/"1"' },
    { 'if-match': '*', 'if-none-match': '*' },
  ])('%j are refused', (headers) => {
    expect(() => writeConditions(headers)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });
});

it.each([
  ['report.pdf', `attachment; filename="report.pdf"; filename*=UTF-8''report.pdf`],
  ['été "x".txt', `attachment; filename="_t_ _x_.txt"; filename*=UTF-8''%C3%A9t%C3%A9%20%22x%22.txt`],
  [`it's (1)*`, `attachment; filename="it_s _1__"; filename*=UTF-8''it%27s%20%281%29%2a`],
  ['a\\xe9', `attachment; filename="a_xe9"; filename*=UTF-8''a%5Cxe9`],
])('a file %s is saved under its name', (name, header) => expect(attachmentHeader(name)).toBe(header));
