import { endCauses } from '@webxterm/contracts/frames';
import * as v from 'valibot';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const bytes = v.custom<Uint8Array>((value) => value instanceof Uint8Array);

/** How a session is continued by another agent process. Attachments are not: viewers attach again. Offsets and sizes are bytes. */
export const HandedSession = v.object({
  id: v.string(),
  ownerUserId: v.string(),
  kind: v.string(),
  createdAtMs: v.number(),
  /** The last title that a program set. Missing: handed over by an older version. */
  title: v.optional(v.string()),
  head: count,
  /** The content of the ring, up to the head. */
  kept: bytes,
  marks: v.array(v.object({ offset: count, cols: count, rows: count })),
  seat: v.optional(v.object({ driver: v.string(), progress: v.optional(v.object({ acked: count, limit: count })) })),
  writers: v.array(v.tuple([v.string(), count])),
  /** Missing: the owner was attached. */
  detachedForMs: v.optional(v.number()),
  /** Missing: handed over by an older version. */
  idleForMs: v.optional(v.number()),
  /** The screen of the output before the ring. */
  screen: v.optional(v.object({ offset: count, kept: bytes, cols: count, rows: count, state: bytes })),
  /** Missing: the session is not recorded, or it was handed over by an older version. */
  recording: v.optional(
    v.object({
      required: v.boolean(),
      stored: v.optional(count),
      /** ms since the start of the session. */
      ageMs: v.pipe(v.number(), v.minValue(0)),
      /** Time marks: offset and ms. */
      times: v.array(v.tuple([count, count])),
    }),
  ),
  /** The requested cause of the end. */
  cause: v.optional(v.picklist(endCauses)),
  /** `running`: the hand-over of its process. */
  process: v.variant('state', [
    v.object({ state: v.literal('running'), handed: v.unknown() }),
    v.object({
      state: v.literal('ended'),
      exitCode: v.optional(v.number()),
      signal: v.optional(v.string()),
      cause: v.picklist(endCauses),
      finalOffset: count,
      forMs: v.number(),
    }),
  ]),
});
export type HandedSession = v.InferOutput<typeof HandedSession>;
