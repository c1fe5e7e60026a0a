import { randomUUID } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import * as contracts from '@webxterm/contracts/bus';
import { type BusRequest, type BusUser, busPermissions, ReplyEnvelope, replySubject } from '@webxterm/contracts/bus';
import fc, { type Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers } from '../bus-subjects.ts';
import type { World } from '../world.ts';
import { fromSchema, junk } from './from-schema.ts';

const cases = 1600;
const batch = 20;
const services = ['auth', 'agent-hub', 'terminal'] as const;

const isRequest = (value: unknown): value is BusRequest =>
  typeof value === 'object' && value !== null && 'deadlineMs' in value && 'queue' in value;

const requests = Object.values<unknown>(contracts).filter(isRequest);

const mayPublish = (user: BusUser, subject: string): boolean => covers(busPermissions[user].publish, subject);

/** A text in place of a message: nearly right, or anything. */
const payloads = (body: Arbitrary<unknown>): Arbitrary<string | Uint8Array> =>
  fc.oneof(
    { weight: 5, arbitrary: body.map((given) => JSON.stringify({ v: 1, request_id: 'fuzz', body: given })) },
    {
      weight: 1,
      arbitrary: fc.tuple(junk, junk, body).map(([v, id, given]) => JSON.stringify({ v, request_id: id, body: given })),
    },
    { weight: 1, arbitrary: junk.map((value) => JSON.stringify(value) ?? '') },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
  );

const wrongAnswer = async (
  bus: NatsConnection,
  request: BusRequest,
  payload: string | Uint8Array,
): Promise<string | undefined> => {
  const said = typeof payload === 'string' ? payload.slice(0, 300) : Buffer.from(payload).toString('hex');
  try {
    const reply = replySubject(request.subject, randomUUID());
    const message = await bus.request(request.subject, payload, {
      timeout: request.deadlineMs + 1000,
      noMux: true,
      reply,
    });
    const answer = ReplyEnvelope.safeParse(message.json());
    if (!answer.success) return `${request.subject} ${said}: no envelope`;
    if (answer.data.ok || answer.data.error.code !== 'internal') return undefined;
    return `${request.subject} ${said}: internal`;
  } catch (error) {
    return `${request.subject} ${said}: ${error instanceof Error ? error.message : String(error)}`;
  }
};

/** The subjects on which a service publishes, with names in place of the wildcards. */
const toldBy = (user: BusUser): string[] =>
  busPermissions[user].publish
    .filter((subject) => !subject.startsWith('$') || subject.startsWith('$KV'))
    .filter((subject) => !requests.some((request) => request.subject === subject))
    .flatMap((subject) =>
      subject === '$KV.signins.>'
        ? ['$KV.signins.s.fuzz', '$KV.signins.fuzz']
        : subject === '$KV.presence.>'
          ? ['$KV.presence.agents.fuzz', '$KV.presence.hubs.fuzz', '$KV.presence.fuzz']
          : [subject.replaceAll('*', `ag_${'z'.repeat(26)}`).replace('>', 'fuzz')],
    );

export const fuzzBus = (world: () => World): void => {
  describe('the bus', () => {
    it(`answers ${cases} valid and invalid requests, and never with an internal error`, async () => {
      const seed = Date.now();
      const found: string[] = [];
      for (const request of requests) {
        const asker = services.find((user) => mayPublish(user, request.subject));
        expect([request.subject, asker]).not.toContain(undefined);
        const bus = await world().bus(asker ?? 'terminal');
        const drawn = fc.sample(payloads(fromSchema(request.request)), {
          seed,
          numRuns: Math.ceil(cases / requests.length),
        });
        for (let from = 0; from < drawn.length; from += batch)
          for (const wrong of await Promise.all(
            drawn.slice(from, from + batch).map((payload) => wrongAnswer(bus, request, payload)),
          ))
            if (wrong !== undefined) found.push(wrong);
      }
      expect(found, `seed ${seed}`).toEqual([]);
    });

    it('carries invalid messages on every subject of every service, and all services continue', async () => {
      for (const user of services) {
        const bus = await world().bus(user);
        for (const subject of toldBy(user))
          for (const payload of fc.sample(payloads(junk), { numRuns: 10 })) bus.publish(subject, payload);
        await bus.flush();
      }
      await world().stack.healthy();
    });
  });
};
