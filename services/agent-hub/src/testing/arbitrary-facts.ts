import type { MachineFacts } from '@webxterm/contracts/grpc';
import fc, { type Arbitrary } from 'fast-check';

/** Texts that may break a page, a terminal or a database. */
const nasty = [
  '',
  '\0',
  '\u202e\u2066',
  '\u200b\u3164\u2800',
  '\r\n\u001b[2J',
  '<img src=x onerror=alert(1)>',
  `e${'\u0301'.repeat(300)}`,
  '𝕏'.repeat(250),
];

/** Any text that an agent may send. It is well-formed Unicode, like every string of protobuf. */
export const anyText = (maxLength: number): Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(...nasty),
    fc.string({ unit: 'binary', maxLength }).map((said) => said.toWellFormed()),
  );
export const anyU64 = fc.oneof(
  fc.constantFrom(0n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);
export const anyU32 = fc.oneof(fc.constantFrom(0, 0xffff_ffff), fc.nat(0xffff_ffff));

/** Any machine facts that an agent may send in its hello. */
export const anyFacts = (text: Arbitrary<string>, maxTags: number): Arbitrary<MachineFacts> =>
  fc.record({
    name: text,
    hostname: text,
    os: text,
    osVersion: text,
    arch: text,
    agentVersion: text,
    cpuCores: anyU32,
    memTotalMb: anyU64,
    diskTotalGb: anyU64,
    linuxUser: text,
    processUser: text,
    description: text,
    tags: fc.array(text, { maxLength: maxTags }),
    linuxUsers: fc.array(text, { maxLength: maxTags }),
    sshHostKey: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  });
