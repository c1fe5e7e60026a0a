import { describe, expect, it } from 'vitest';
import type { Readiness } from './probe.ts';
import { summarize } from './summary.ts';

const fine: Readiness = { status: 'ok', parts: { mongodb: { ok: true }, nats: { ok: true } } };
const noMongo: Readiness = { status: 'degraded', parts: { mongodb: { ok: false }, nats: { ok: true } } };
const starting: Readiness = { status: 'starting', parts: { signins: { ok: false } } };

const summary = (auth: (Readiness | undefined)[], hub: (Readiness | undefined)[]) =>
  summarize('1.0.0', [
    { name: 'auth', reports: auth },
    { name: 'agent-hub', reports: hub },
  ]);
const statusOf = (result: ReturnType<typeof summary>, name: string): string | undefined =>
  result.parts.find((part) => part.name === name)?.status;

describe('the health of the cluster', () => {
  it('is ok if every instance is, and counts them', () => {
    const result = summary([fine, fine], [fine]);
    expect(result.status).toBe('ok');
    expect(result.parts[0]).toEqual({ name: 'auth', status: 'ok', instances: 2, ready: 2 });
    expect(statusOf(result, 'mongodb')).toBe('ok');
  });

  it('is degraded if an instance is silent, and names it', () => {
    const result = summary([fine, undefined], [fine]);
    expect(result.status).toBe('degraded');
    expect(result.parts[0]).toMatchObject({ status: 'degraded', ready: 1, detail: '1 of 2 do not answer' });
  });

  it('shows a lost server as such and as missing for each service', () => {
    const result = summary([noMongo], [noMongo]);
    expect(statusOf(result, 'mongodb')).toBe('down');
    expect(statusOf(result, 'nats')).toBe('ok');
    expect(result.parts[0]).toMatchObject({ status: 'degraded', detail: 'without mongodb' });
    expect(result.status).toBe('degraded');
  });

  it('reports the reason that a service gives for a missing part', () => {
    const full: Readiness = { status: 'degraded', parts: { signins: { ok: false, detail: 'look at the disk' } } };
    expect(summary([full], [fine]).parts[0]).toMatchObject({
      status: 'degraded',
      detail: 'without signins (look at the disk)',
    });
  });

  it('reports the advice of the services for a lost server once', () => {
    const away: Readiness = { status: 'degraded', parts: { mongodb: { ok: false, detail: 'look at its disk' } } };
    const result = summary([away], [away]);
    expect(result.parts[0]?.detail).toBe('without mongodb');
    expect(result.parts.find(({ name }) => name === 'mongodb')).toMatchObject({
      status: 'down',
      ready: 0,
      detail: '2 of 2 services do not reach it: look at its disk',
    });
  });

  it('is down only if no service is available', () => {
    expect(summary([undefined], [starting]).status).toBe('down');
    expect(summary([undefined], [fine]).status).toBe('degraded');
  });
});
