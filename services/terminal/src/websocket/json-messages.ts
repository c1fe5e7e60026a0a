import { maxWinsize } from '@webxterm/contracts/frames';
import { parseJson } from '@webxterm/contracts/json';
import { AppError } from '@webxterm/shared';
import { z } from 'zod';

const size = z.number().int().min(1).max(maxWinsize);

/** A message of a `webxterm.json` client. */
export const ClientMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('input'), input: z.string() }),
  z.strictObject({ type: z.literal('resize'), rows: size, cols: size }),
]);
export type ClientMessage = z.infer<typeof ClientMessage>;

/** A message to a `webxterm.json` client. */
export const ServerMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('output'), output: z.string() }),
  z.strictObject({ type: z.literal('error'), error: z.string() }),
]);
export type ServerMessage = z.infer<typeof ServerMessage>;

/** @throws AppError bad_request if the text is not JSON; invalid_input if the JSON is not a valid message */
export const readClientMessage = (text: string): ClientMessage => {
  const value = parseJson(text);
  if (value === undefined) throw new AppError('bad_request', 'A message is not JSON.');
  const parsed = ClientMessage.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AppError('invalid_input', `A message is not valid: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
};
