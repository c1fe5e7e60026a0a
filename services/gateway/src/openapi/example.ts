import { z } from 'zod';

const Schema = z.looseObject({
  $ref: z.string().optional(),
  example: z.unknown().optional(),
  /** The replacement in zod-openapi for a schema that JSON Schema cannot express. */
  override: z.unknown().optional(),
  const: z.unknown().optional(),
  default: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  format: z.string().optional(),
  minLength: z.number().optional(),
  minimum: z.number().optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  allOf: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
});
type Schema = z.infer<typeof Schema>;

const formats: Readonly<Record<string, string>> = {
  'date-time': '2026-11-30T09:30:00.000Z',
  date: '2026-11-30',
  email: 'john@example.com',
  uri: 'https://term.example.com',
  ipv4: '203.0.113.9',
};

/** Values of plain strings, by the name of their field. */
const names: Readonly<Record<string, string>> = {
  username: 'johndoe',
  email: 'john@example.com',
  name: 'web-1',
  machine_name: 'web-1',
  hostname: 'web-1',
  description: 'The first web server',
  os: 'linux',
  arch: 'amd64',
  os_version: 'Debian GNU/Linux 13',
  agent_version: '0.1.0',
  version: '0.1.0',
  linux_user: 'john',
  ip_address: '203.0.113.9',
  address: '203.0.113.9',
  user_agent: 'Mozilla/5.0',
  command: 'uptime',
  avatar_url: '/api/avatars/6b0d11b30f314f303f7162c8',
  request_id: '9f1c2b7a-2d0c-4d57-8a53-0d7b5a2f4c11',
  id: '6b0d11bc05f57f90e27cb4b8',
};

/** A reference that contains itself ends here. */
const maxDepth = 12;

/**
 * An example of a JSON body, made from its schema: the `example` of each field, or a value of its type. A field with a pattern needs an
 * `example`, or the example of the route is not valid (document.test.ts).
 */
export const exampleOf = (schema: z.ZodType, io: 'input' | 'output'): unknown => {
  const root = z.looseObject({ $defs: z.record(z.string(), z.unknown()).default({}) });
  const json = root.parse(z.toJSONSchema(schema, { io, unrepresentable: 'any' }));
  const make = (given: unknown, depth: number, name = ''): unknown => {
    const at: Schema = Schema.safeParse(given).data ?? {};
    if (at.example !== undefined) return at.example;
    if (at.override !== undefined) return make(at.override, depth + 1, name);
    if (at.const !== undefined) return at.const;
    if (at.$ref !== undefined)
      return depth > maxDepth
        ? null
        : make(at.$ref === '#' ? json : json.$defs[at.$ref.replace(/^.*\//, '')], depth + 1, name);
    if (at.enum !== undefined) return at.enum[0];
    if (at.default !== undefined) return at.default;
    const choice = [...(at.anyOf ?? []), ...(at.oneOf ?? []), ...(at.allOf ?? [])][0];
    if (choice !== undefined) return make(choice, depth + 1, name);
    return ofType(at, name, (inner, inside = name) => make(inner, depth + 1, inside));
  };
  return make(json, 0);
};

const ofType = (schema: Schema, name: string, make: (inner: unknown, name?: string) => unknown): unknown => {
  const [type] = [schema.type].flat();
  switch (type) {
    case 'object':
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([key, inner]) => [key, make(inner, key)]));
    case 'array':
      return schema.items === undefined ? [] : [make(schema.items)];
    case 'string':
      return formats[schema.format ?? ''] ?? names[name] ?? 'text'.padEnd(schema.minLength ?? 0, '.');
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 1, 1);
    case 'boolean':
      return true;
    default:
      return null;
  }
};
