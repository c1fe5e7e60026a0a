import { z } from 'zod';

/** The description of a setting for a documentation page or a help text. */
export interface DescribedSetting {
  readonly name: string;
  /** The default value. Undefined: no default. */
  readonly standard: string | undefined;
  /** The program does not start without it. */
  readonly required: boolean;
  /** The allowed values. Empty: any text. */
  readonly allowed: string;
  readonly meaning: string;
}

const textIn = (schema: z.core.$ZodType, name: 'description' | 'allowed' | 'standard'): string | undefined => {
  const text = z.globalRegistry.get(schema)?.[name];
  return typeof text === 'string' ? text : undefined;
};

/** The schema and its inner schemas, outermost first. */
const layersOf = (schema: z.core.$ZodType): z.core.$ZodType[] => {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional)
    return [schema, ...layersOf(schema.def.innerType)];
  if (schema instanceof z.ZodPipe) return [schema, ...layersOf(schema.def.in), ...layersOf(schema.def.out)];
  return [schema];
};

const allowedBy = (schema: z.core.$ZodType): string => {
  if (schema instanceof z.ZodEnum) return schema.options.map((option) => `\`${String(option)}\``).join(', ');
  if (!(schema instanceof z.ZodNumber)) return '';
  return schema.minValue === null || schema.maxValue === null || schema.minValue < -1e9 || schema.maxValue > 1e9
    ? 'a number'
    : `${schema.minValue} to ${schema.maxValue}`;
};

const shown = (value: unknown): string | undefined => {
  const text = Array.isArray(value) ? value.join(',') : String(value);
  return text === '' ? undefined : `\`${text}\``;
};

const describeSetting = (name: string, schema: z.core.$ZodType): DescribedSetting => {
  const layers = layersOf(schema);
  const first = (text: 'description' | 'allowed' | 'standard') =>
    layers.map((layer) => textIn(layer, text)).find((found) => found !== undefined);
  const meaning = first('description');
  if (meaning === undefined) throw new Error(`${name} has no description: add .describe('…') to its schema`);
  const withDefault = layers.find((layer) => layer instanceof z.ZodDefault);
  return {
    name,
    standard: first('standard') ?? (withDefault === undefined ? undefined : shown(withDefault.def.defaultValue)),
    required: withDefault === undefined && !layers.some((layer) => layer instanceof z.ZodOptional),
    allowed: first('allowed') ?? layers.map(allowedBy).find((found) => found !== '') ?? '',
    meaning,
  };
};

/**
 * Describes the settings of a shape in order, by their `.describe()`, and by `.meta({ allowed, standard })` if the schema itself does not
 * show the allowed values or the default.
 * @throws Error that names a setting without a description
 */
export const describeSettings = (shape: z.core.$ZodShape): DescribedSetting[] =>
  Object.entries(shape).map(([name, schema]) => describeSetting(name, schema));
