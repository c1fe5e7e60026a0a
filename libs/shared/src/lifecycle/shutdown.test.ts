import { describe, expect, it, vi } from 'vitest';
import { createLogger } from '../log/logger.ts';
import { Shutdown } from './shutdown.ts';

const silent = createLogger({ service: 'test', level: 'silent' });

describe('shutdown', () => {
  it('runs the tiers in order, whatever the order they were added in', async () => {
    const shutdown = new Shutdown(silent);
    const ran: string[] = [];
    shutdown.add('database', 'mongo', () => void ran.push('mongo'));
    shutdown.add('listeners', 'http', () => void ran.push('http'));
    shutdown.add('bus', 'nats', async () => void ran.push('nats'));
    await shutdown.run();
    expect(ran).toEqual(['http', 'nats', 'mongo']);
  });

  it('continues when a step fails', async () => {
    const shutdown = new Shutdown(silent);
    const last = vi.fn();
    shutdown.add('listeners', 'broken', () => Promise.reject(new Error('broken')));
    shutdown.add('database', 'last', last);
    await shutdown.run();
    expect(last).toHaveBeenCalledOnce();
  });

  it('continues without a step that is late', async () => {
    vi.useFakeTimers();
    const shutdown = new Shutdown(silent);
    const last = vi.fn();
    shutdown.add('clients', 'hangs', () => new Promise(() => {}), 1000);
    shutdown.add('database', 'last', last);
    const ended = shutdown.run();
    await vi.advanceTimersByTimeAsync(999);
    expect(last).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await ended;
    expect(last).toHaveBeenCalledOnce();
    vi.useRealTimers();
  });

  it('runs once, however often it is asked', async () => {
    const shutdown = new Shutdown(silent);
    const step = vi.fn();
    shutdown.add('work', 'step', step);
    await Promise.all([shutdown.run(), shutdown.run()]);
    expect(step).toHaveBeenCalledOnce();
  });
});
