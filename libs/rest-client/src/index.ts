export { ApiError, errorFrom, type FieldError, UnreachableError } from './api-error.ts';
export { type AnsweringRoute, ask, fetchAnswer, queryString, send, urlOf } from './call.ts';
