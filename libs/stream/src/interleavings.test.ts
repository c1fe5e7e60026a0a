import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Machine } from './testing/machine.ts';
import { Viewer } from './testing/viewer.ts';

type World = { machine: Machine; viewers: Viewer[] };
/** One event. Its text is printed when the test fails. */
type Step = { act: (world: World) => void; text: string };

const viewerCount = 3;

const makeWorld = (): World => {
  const viewers: Viewer[] = [];
  const machine = new Machine((writer, bytes, discarded) => {
    viewers.find((viewer) => viewer.writer === writer)?.wasApplied(bytes, discarded);
  });
  for (let index = 0; index < viewerCount; index += 1) viewers.push(new Viewer(`viewer-${index}`, machine));
  return { machine, viewers };
};

const step = (text: string, act: Step['act']): Step => ({ text, act });

const upFrom = (world: World, viewer: Viewer, count: number): void => {
  for (let index = 0; index < count; index += 1) {
    const frame = viewer.wire?.up.shift();
    if (frame !== undefined && viewer.wire !== undefined) world.machine.receive(viewer.wire, frame);
  }
};

const someViewer = fc.nat({ max: viewerCount - 1 });
const side = fc.constantFrom('up' as const, 'down' as const);
const few = fc.integer({ min: 1, max: 12 });

const of = (name: string, act: (world: World, viewer: Viewer) => void): fc.Arbitrary<Step> =>
  someViewer.map((index) =>
    step(`${name} ${index}`, (world) => {
      const viewer = world.viewers[index];
      if (viewer !== undefined) act(world, viewer);
    }),
  );

const withNumber = (
  name: string,
  number: fc.Arbitrary<number>,
  act: (world: World, viewer: Viewer, number: number) => void,
): fc.Arbitrary<Step> => number.chain((value) => of(`${name} ${value}:`, (world, viewer) => act(world, viewer, value)));

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .integer({ min: 1, max: 120_000 })
      .map((size) => step(`print ${size}`, ({ machine }) => machine.print(size))),
  },
  { weight: 6, arbitrary: of('attach', (_world, viewer) => viewer.attach()) },
  {
    weight: 4,
    arbitrary: withNumber('type', fc.integer({ min: 1, max: 5000 }), (_world, viewer, size) =>
      viewer.type(size, false),
    ),
  },
  {
    weight: 1,
    arbitrary: withNumber('reply', fc.integer({ min: 1, max: 40 }), (_world, viewer, size) => viewer.type(size, true)),
  },
  { weight: 6, arbitrary: of('flush', (_world, viewer) => viewer.flush()) },
  { weight: 8, arbitrary: withNumber('up', few, (world, viewer, count) => upFrom(world, viewer, count)) },
  {
    weight: 8,
    arbitrary: withNumber('down', few, (_world, viewer, count) => {
      for (let index = 0; index < count; index += 1) viewer.receive();
    }),
  },
  {
    weight: 8,
    arbitrary: withNumber('send', fc.integer({ min: 1, max: 70_000 }), ({ machine }, viewer, max) => {
      if (viewer.wire !== undefined) machine.send(viewer.wire, max);
    }),
  },
  {
    weight: 6,
    arbitrary: withNumber('render', fc.integer({ min: 1, max: 100_000 }), (_world, viewer, bytes) =>
      viewer.render(bytes, 16_384 + (bytes % 100_000)),
    ),
  },
  {
    weight: 5,
    arbitrary: fc
      .integer({ min: 1, max: 9000 })
      .map((count) => step(`apply ${count}`, ({ machine }) => machine.apply(count))),
  },
  { weight: 2, arbitrary: of('break', (_world, viewer) => viewer.break(true)) },
  { weight: 2, arbitrary: of('break unnoticed', (_world, viewer) => viewer.break(false)) },
  {
    weight: 2,
    arbitrary: of('late', ({ machine }, viewer) => {
      const wire = viewer.late[0];
      const frame = wire?.up.shift();
      if (wire === undefined) return;
      if (frame !== undefined) machine.receive(wire, frame);
      else {
        machine.depart(wire, 'broken');
        viewer.late.shift();
      }
    }),
  },
  { weight: 1, arbitrary: of('leave', (_world, viewer) => viewer.leave()) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.boolean(), someViewer)
      .map(([visible, index]) =>
        step(`${visible ? 'show' : 'hide'} ${index}`, ({ viewers }) => viewers[index]?.visible(visible)),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(side, someViewer)
      .map(([which, index]) => step(`repeat ${which} ${index}`, ({ viewers }) => viewers[index]?.wire?.repeat(which))),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(side, someViewer)
      .map(([which, index]) => step(`swap ${which} ${index}`, ({ viewers }) => viewers[index]?.wire?.swap(which))),
  },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 1, max: 40_000 })
      .map((ms) => step(`pass ${ms} ms`, ({ machine }) => machine.pass(ms))),
  },
);

/** Brings the world to rest: every viewer attaches again, and all frames arrive. */
const settle = (world: World): void => {
  const { machine, viewers } = world;
  for (const viewer of viewers) {
    viewer.break(true);
    viewer.attach();
  }
  for (let round = 0; round < 2000; round += 1) {
    for (const viewer of viewers) {
      // A viewer that disconnected because of reordered frames attaches again.
      if (viewer.wire === undefined) viewer.attach();
      viewer.flush();
      while ((viewer.wire?.up.length ?? 0) > 0) upFrom(world, viewer, 1);
      while (viewer.wire !== undefined && machine.send(viewer.wire, 65_536));
      while ((viewer.wire?.down.length ?? 0) > 0) viewer.receive();
      viewer.render(1e9, 65_536);
    }
    machine.apply(1e9);
    machine.print(0);
    if (machine.idle && viewers.every((viewer) => viewer.done)) return;
  }
  throw new Error('the world does not come to rest');
};

const run = (acts: readonly Step[]): World => {
  const world = makeWorld();
  for (const { act } of acts) act(world);
  settle(world);
  return world;
};

describe('one session, several viewers, and everything that can happen between them', () => {
  it('shows each viewer the stream without its reported gaps, and applies input once and in order', () => {
    fc.assert(
      fc.property(
        fc.array(
          steps.map((one) => Object.assign(one, { [fc.toStringMethod]: () => one.text })),
          { maxLength: 150, size: 'max' },
        ),
        (acts) => {
          const { machine, viewers } = run(acts);
          for (const viewer of viewers) {
            expect(viewer.shown).toBe(machine.ring.head);
            expect(viewer.applied).toBe(viewer.typed);
          }
        },
      ),
      { numRuns: 1500 },
    );
  }, 180_000);
});
