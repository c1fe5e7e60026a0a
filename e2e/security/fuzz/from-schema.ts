import fc, { type Arbitrary } from 'fast-check';
import { z } from 'zod';

/** The part of JSON Schema that the contracts come out as. */
const Node = z.looseObject({
  type: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  items: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  pattern: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  format: z.string().optional(),
});

/** Values that break programs that read without a schema. */
const nasty: readonly string[] = [
  '',
  '\u0000',
  '\u202e',
  '\ud800',
  '__proto__',
  'constructor',
  '$where',
  '../../etc/passwd',
  '%00',
  "' || 1==1 //",
  '{{7*7}}',
  '=cmd()',
  '-1',
  '1e309',
  'NaN',
  '9'.repeat(400),
  'x'.repeat(5000),
];

/** Anything at all, as JSON can carry it. */
export const junk: Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<unknown>(...nasty, null, true, 0, -1, 1e308, [], {}) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>({ $gt: '' }, { $ne: null }, { $where: 'sleep(1e9)' }, [{ $regex: '(a+)+$' }]),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
);

/** Values that fit the JSON Schema. */
const fitting = (given: unknown): Arbitrary<unknown> => {
  const node = Node.parse(given);
  if (node.const !== undefined) return fc.constant(node.const);
  if (node.enum !== undefined) return fc.constantFrom(...node.enum);
  if (node.anyOf !== undefined) return fc.oneof(...node.anyOf.map(fitting));
  if (node.type === 'object') return fittingObject(node);
  if (node.type === 'array') return fc.array(fitting(node.items ?? {}), { maxLength: 4 });
  if (node.type === 'integer' || node.type === 'number') {
    const [min, max] = [node.minimum ?? -1000, node.maximum ?? 100_000];
    return fc.integer({ min: Math.ceil(min), max: Math.min(Math.floor(max), 2 ** 31) });
  }
  if (node.type === 'boolean') return fc.boolean();
  if (node.type === 'string') return fittingString(node);
  return junk;
};

const fittingString = ({ format, pattern }: z.output<typeof Node>): Arbitrary<string> => {
  if (format === 'email') return fc.emailAddress();
  if (format === 'date-time') return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  return fc.oneof(fc.string({ maxLength: 100 }), fc.constantFrom(...nasty));
};

const fittingObject = (node: z.output<typeof Node>): Arbitrary<unknown> => {
  const fields = Object.entries(node.properties ?? {}).map(([name, schema]): [string, Arbitrary<unknown>] => [
    name,
    // Mostly right: what is wrong in one place must get past the others to be looked at.
    fc.oneof({ weight: 6, arbitrary: fitting(schema) }, { weight: 1, arbitrary: junk }),
  ]);
  return fc.record(Object.fromEntries(fields), { requiredKeys: node.required ?? [] });
};

/** Near misses of a schema: what fits, what fits but for a field, what has one too many, and what does not fit at all. */
export const fromSchema = (schema: z.ZodType): Arbitrary<unknown> => {
  const good = fitting(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
  const withMore = fc
    .tuple(good, fc.constantFrom('role', '$set', '__proto__', 'isAdmin', 'x'), junk)
    .map(([value, name, more]) => (typeof value === 'object' && value !== null ? { ...value, [name]: more } : more));
  return fc.oneof({ weight: 6, arbitrary: good }, { weight: 1, arbitrary: withMore }, { weight: 1, arbitrary: junk });
};
