import { ApiError } from '@webxterm/rest-client';

/** Form field of an error without details, by error code. */
const fieldOfCode: Readonly<Record<string, string>> = { email_taken: 'email', username_taken: 'username' };

/** Splits the errors of a rejected form into messages by field and a message that belongs to no field. `fields` are the fields of the form. */
export const accountErrors = (
  error: unknown,
  fields: readonly string[],
): { byField: Readonly<Record<string, string>>; general: string | undefined } => {
  if (!(error instanceof ApiError))
    return { byField: {}, general: error instanceof Error ? error.message : 'Something went wrong. Try again.' };
  const byField: Record<string, string> = {};
  for (const { path, message } of error.details) if (fields.includes(path)) byField[path] ??= sentence(message);
  const field = fieldOfCode[error.code];
  if (field !== undefined && fields.includes(field)) byField[field] ??= error.message;
  return { byField, general: Object.keys(byField).length > 0 ? undefined : generalSentence(error) };
};

const generalSentence = (error: ApiError): string =>
  error.code === 'too_many_requests' && error.retryAfterMs !== undefined
    ? `Too many tries. Try again in ${Math.max(1, Math.ceil(error.retryAfterMs / 1000))} s.`
    : error.message;

const sentence = (message: string): string => `${message.charAt(0).toUpperCase()}${message.slice(1)}`;
