import type { Route } from '@webxterm/contracts/rest';
import { beginTrace } from '@webxterm/shared';
import type { Admitted } from '../request-checks/admit.ts';

/** The request with a trace that begins here, if tracing is on and the sampler takes it. The caller ends the span. */
export const traced = (admitted: Admitted, method: string, template: string): Admitted => {
  const { facts } = admitted;
  const span = beginTrace(`${method} ${template}`, {
    'http.request.method': method,
    // The template of the path: the path itself may have names of files.
    'http.route': template,
    'webxterm.request_id': facts.requestId,
  });
  return span === undefined ? admitted : { ...admitted, span, facts: { ...facts, traceparent: span.traceparent } };
};

/** Event streams last for hours, and are no operation of a user. */
export const isTraced = ({ success }: Route): boolean => success.stream !== 'text/event-stream';
