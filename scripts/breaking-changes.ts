import { z } from 'zod';

// The parts of the API that a client may rely on: compares two OpenAPI documents as this project makes them.

type Json = Readonly<Record<string, unknown>>;

const Schema = z.looseObject({
  $ref: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  items: z.unknown().optional(),
});
const Content = z.record(z.string(), z.looseObject({ schema: z.unknown().optional() })).optional();
const Response = z.looseObject({ content: Content });
const Parameter = z.looseObject({ name: z.string(), in: z.string(), required: z.boolean().optional() });
const Operation = z.looseObject({
  parameters: z.array(Parameter).default([]),
  requestBody: z.looseObject({ content: Content }).optional(),
  responses: z.record(z.string(), z.unknown()),
});
const Document = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), Operation)) });

/** Whether the compared schema describes what a client sends or what it receives. */
type Direction = 'request' | 'response';

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

class Comparison {
  readonly problems: string[] = [];
  readonly #before: Json;
  readonly #after: Json;
  /** References that are being compared, so that a schema that contains itself ends. */
  readonly #seen = new Set<string>();

  constructor(before: Json, after: Json) {
    this.#before = before;
    this.#after = after;
  }

  operations(): void {
    const [before, after] = [Document.parse(this.#before), Document.parse(this.#after)];
    for (const [path, item] of Object.entries(before.paths))
      for (const [method, operation] of Object.entries(item)) {
        const now = after.paths[path]?.[method];
        if (now === undefined) this.problems.push(`${method} ${path}: removed`);
        else this.#operation(`${method} ${path}`, operation, now);
      }
  }

  #operation(name: string, before: z.infer<typeof Operation>, after: z.infer<typeof Operation>): void {
    for (const parameter of after.parameters) {
      const old = before.parameters.find((each) => each.name === parameter.name && each.in === parameter.in);
      if (parameter.required === true && old?.required !== true)
        this.problems.push(`${name}: the ${parameter.in} parameter ${parameter.name} is required now`);
      if (old !== undefined)
        this.#schema(`${name}: ${parameter.in} parameter ${parameter.name}`, old.schema, parameter.schema, 'request');
    }
    for (const parameter of before.parameters)
      if (!after.parameters.some((each) => each.name === parameter.name && each.in === parameter.in))
        this.problems.push(`${name}: the ${parameter.in} parameter ${parameter.name} is removed`);
    const body = after.requestBody?.content;
    if (body !== undefined && before.requestBody === undefined) this.problems.push(`${name}: needs a body now`);
    this.#content(`${name}: body`, before.requestBody?.content, body, 'request');
    for (const [status, answer] of Object.entries(before.responses)) {
      // A new version may return fewer errors.
      if (!status.startsWith('2') && !status.startsWith('1')) continue;
      const now = after.responses[status];
      if (now === undefined) this.problems.push(`${name}: does not answer ${status} any more`);
      else
        this.#content(
          `${name}: ${status}`,
          Response.parse(this.#resolve(this.#before, answer)).content,
          Response.parse(this.#resolve(this.#after, now)).content,
          'response',
        );
    }
  }

  #content(where: string, before: z.infer<typeof Content>, after: z.infer<typeof Content>, direction: Direction): void {
    for (const [type, { schema }] of Object.entries(before ?? {})) {
      const now = after?.[type];
      if (now === undefined) this.problems.push(`${where}: no ${type} any more`);
      else this.#schema(where, schema, now.schema, direction);
    }
  }

  #schema(where: string, before: unknown, after: unknown, direction: Direction): void {
    const key = `${direction} ${refOf(before) ?? ''} ${refOf(after) ?? ''}`;
    if (refOf(before) !== undefined || refOf(after) !== undefined) {
      if (this.#seen.has(key)) return;
      this.#seen.add(key);
    }
    const old = Schema.safeParse(this.#resolve(this.#before, before)).data;
    const now = Schema.safeParse(this.#resolve(this.#after, after)).data;
    if (old === undefined || now === undefined) return;
    this.#type(where, old, now, direction);
    this.#values(where, old.enum, now.enum, direction);
    for (const [name, property] of Object.entries(old.properties ?? {})) {
      const kept = now.properties?.[name];
      if (kept === undefined) this.problems.push(`${where}: the property ${name} is removed`);
      else this.#schema(`${where}.${name}`, property, kept, direction);
    }
    const [stricter, looser] = direction === 'request' ? [now, old] : [old, now];
    for (const name of stricter.required ?? [])
      if (!(looser.required ?? []).includes(name))
        this.problems.push(
          direction === 'request'
            ? `${where}: the property ${name} is required now`
            : `${where}: the property ${name} may be missing now`,
        );
    if (old.items !== undefined) this.#schema(`${where}[]`, old.items, now.items, direction);
  }

  /** A request may accept more types than before, a response may have fewer. */
  #type(where: string, old: z.infer<typeof Schema>, now: z.infer<typeof Schema>, direction: Direction): void {
    if (old.type === undefined || now.type === undefined) return;
    const [before, after] = [[old.type].flat(), [now.type].flat()];
    const [wide, narrow] = direction === 'request' ? [after, before] : [before, after];
    if (!narrow.every((type) => wide.includes(type)))
      this.problems.push(`${where}: its type changed from ${before.join('|')} to ${after.join('|')}`);
  }

  /** A new value in a response is allowed: clients must ignore what they do not know. */
  #values(where: string, old: unknown[] | undefined, now: unknown[] | undefined, direction: Direction): void {
    if (direction === 'response' || now === undefined) return;
    const removed = old === undefined ? ['anything'] : old.filter((value) => !now.includes(value));
    if (removed.length > 0) this.problems.push(`${where}: does not accept ${removed.join(', ')} any more`);
  }

  #resolve(document: Json, value: unknown): unknown {
    const ref = refOf(value);
    if (ref === undefined) return value;
    let at: unknown = document;
    for (const key of ref.replace(/^#\//, '').split('/')) at = isObject(at) ? at[key] : undefined;
    return at;
  }
}

const refOf = (value: unknown): string | undefined =>
  isObject(value) && typeof value.$ref === 'string' ? value.$ref : undefined;

/** The changes from one OpenAPI document to another that can break a client, one line each. */
export const breakingChanges = (before: Json, after: Json): readonly string[] => {
  const comparison = new Comparison(before, after);
  comparison.operations();
  return comparison.problems;
};
