import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { createLogger } from '@webxterm/shared';
import { describe, expect, it } from 'vitest';
import { TrustedProxies } from '../request-checks/client-address.ts';
import { Connections } from './connections.ts';

class Peer extends Duplex {
  readonly remoteAddress: string;
  readonly remotePort = 1;

  constructor(remoteAddress: string) {
    super({ autoDestroy: true });
    this.remoteAddress = remoteAddress;
  }

  override _read(): void {}
}

const limits = { perAddress: 3, unauthenticated: 6, perUser: 2, perUserInAll: 4 };
const make = () => {
  const connections = new Connections(
    new TrustedProxies(['10.0.0.1']),
    createLogger({ service: 'test', level: 'silent' }),
    limits,
  );
  const come = (address: string): Peer => {
    const peer = new Peer(address);
    connections.add(peer, false);
    return peer;
  };
  return {
    connections,
    come,
    many: (address: string, count: number) => Array.from({ length: count }, () => come(address)),
  };
};
const gone = (peers: readonly Peer[]): boolean[] => peers.map(({ destroyed }) => destroyed);

describe('client connections', () => {
  it('of one address are bounded: the one that has been idle for longest is closed for the next', () => {
    const { connections, many, come } = make();
    const three = many('192.0.2.1', 3);
    connections.busy(three[0] ?? come(''));
    connections.answered(three[0] ?? come(''));
    come('192.0.2.1');
    expect(gone(three)).toEqual([false, true, false]);
    expect(connections.closed).toBe(1);
  });

  it('of one IPv6 /64 count together, and those of others do not', () => {
    const { many, come } = make();
    const three = [come('2001:db8::1'), come('2001:db8::2'), come('2001:db8::3')];
    many('2001:db8:1::1', 2);
    expect(gone(three)).toEqual([false, false, false]);
    come('2001:db8::4');
    expect(gone(three)).toEqual([true, false, false]);
  });

  it('without a token are bounded for all addresses: the address with most of them loses its oldest', () => {
    const { many, come } = make();
    const crowd = many('192.0.2.1', 3);
    const others = [...many('192.0.2.2', 2), come('192.0.2.3')];
    come('192.0.2.4');
    expect(gone(crowd)).toEqual([true, false, false]);
    expect(gone(others)).toEqual([false, false, false]);
  });

  it('with a response in progress are kept if their address has no more than others, and the next one is closed', () => {
    const { connections, many, come } = make();
    const answered = [...many('192.0.2.1', 3), ...many('192.0.2.2', 3)];
    for (const peer of answered) connections.busy(peer);
    expect(come('192.0.2.2').destroyed).toBe(true);
    expect(gone(answered)).toEqual(answered.map(() => false));
  });

  it('of the address with most of them are closed even with a response in progress, which it may not read', () => {
    const { connections, come } = make();
    const answered = (address: string): Peer => {
      const peer = come(address);
      connections.busy(peer);
      return peer;
    };
    const other = answered('192.0.2.2');
    const crowd = Array.from({ length: 5 }, () => answered('192.0.2.1'));
    const next = come('192.0.2.3');
    expect(gone([next, other, ...crowd])).toEqual([false, false, true, false, false, false, false]);
  });

  it('with an accepted token count per user, and not as unauthenticated', () => {
    const { connections, many } = make();
    const mine = many('192.0.2.1', 3);
    for (const peer of mine) {
      connections.busy(peer);
      connections.signedIn(peer, 'ada');
    }
    expect(connections.unauthenticated).toBe(0);
    for (const peer of mine) connections.answered(peer);
    expect(gone(mine)).toEqual([true, false, false]);
    many('192.0.2.1', 20);
    many('192.0.2.9', 20);
    expect(gone(mine)).toEqual([true, false, false]);
    expect(connections.unauthenticated).toBe(6);
  });

  it('of one user with a response in progress are bounded too, because the user may not read it', () => {
    const { connections, come } = make();
    const mine = Array.from({ length: 5 }, () => {
      const peer = come('192.0.2.1');
      connections.busy(peer);
      connections.signedIn(peer, 'ada');
      return peer;
    });
    expect(gone(mine)).toEqual([true, false, false, false, false]);
  });

  it('that are WebSockets count against no limit', () => {
    const { connections, many } = make();
    const open = many('192.0.2.1', 3);
    for (const peer of open) connections.upgraded(peer);
    many('192.0.2.1', 20);
    expect([gone(open), connections.unauthenticated]).toEqual([[false, false, false], 3]);
  });

  it('of a trusted proxy are not bounded, because they carry the requests of many clients', () => {
    const { connections, many } = make();
    const pool = many('10.0.0.1', 20);
    for (const peer of pool) connections.signedIn(peer, 'ada');
    for (const peer of pool) connections.answered(peer);
    expect([gone(pool).includes(true), connections.unauthenticated]).toEqual([false, 0]);
  });

  it('are removed once they are closed', async () => {
    const { connections, many } = make();
    const three = many('192.0.2.1', 3);
    const closed = Promise.all(three.map((peer) => new Promise((resolve) => peer.once('close', resolve))));
    for (const peer of three) peer.destroy();
    await closed;
    expect(connections.unauthenticated).toBe(0);
    expect(gone(many('192.0.2.1', 3))).toEqual([false, false, false]);
  });

  it('to the redirect are not confused with a TLS handshake from the same port of a client', async () => {
    const { connections, come } = make();
    const bare = new Peer('192.0.2.1');
    connections.add(bare, true);
    const plain = come('192.0.2.1');
    plain.destroy();
    await once(plain, 'close');
    const secured = new Peer('192.0.2.1');
    connections.secured(secured);
    connections.signedIn(secured, 'ada');
    expect(connections.unauthenticated).toBe(0);
  });
});
