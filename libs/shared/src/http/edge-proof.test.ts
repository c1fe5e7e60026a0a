import { describe, expect, it } from 'vitest';
import { edgeHeader, edgeHeaders, readEdgeFacts } from './edge-proof.ts';

const key = Buffer.alloc(32, 3);
const facts = { requestId: 'r1', clientIp: '203.0.113.9', proto: 'https', host: 'term.example.com' } as const;

describe("the gateway's word about a request", () => {
  it('is believed with its proof', () => {
    expect(readEdgeFacts(key, edgeHeaders(key, facts))).toEqual(facts);
  });

  it.each([edgeHeader.requestId, edgeHeader.clientIp, edgeHeader.host, edgeHeader.proof])(
    'is not believed when %s was changed',
    (header) => {
      expect(readEdgeFacts(key, { ...edgeHeaders(key, facts), [header]: 'other' })).toBeUndefined();
    },
  );

  it('is not believed without a proof or under another key', () => {
    expect(readEdgeFacts(key, {})).toBeUndefined();
    expect(readEdgeFacts(Buffer.alloc(32, 4), edgeHeaders(key, facts))).toBeUndefined();
  });
});
