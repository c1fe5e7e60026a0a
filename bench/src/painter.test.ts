import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { paintAt } from './painter.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('paints in order and no faster than its rate, also after a pause without work', async () => {
  const paint = paintAt(1_000_000);
  const painted: string[] = [];
  const show = (name: string, size: number): void => paint(new Uint8Array(size), () => painted.push(name));
  show('first', 50_000);
  show('second', 50_000);
  await vi.advanceTimersByTimeAsync(49);
  expect(painted).toEqual([]);
  await vi.advanceTimersByTimeAsync(2);
  expect(painted).toEqual(['first']);
  await vi.advanceTimersByTimeAsync(50);
  expect(painted).toEqual(['first', 'second']);
  await vi.advanceTimersByTimeAsync(1000);
  show('third', 10_000);
  await vi.advanceTimersByTimeAsync(8);
  expect(painted).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(4);
  expect(painted).toHaveLength(3);
});
