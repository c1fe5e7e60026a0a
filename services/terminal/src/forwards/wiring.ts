import type { RequestScope } from '@webxterm/shared';
import type { Attachment, OpenAttachment } from '../attachment/attachment.ts';
import type { OpenTerminals } from '../attachment/open-terminals.ts';
import type { Core } from '../core.ts';
import type { TicketParts } from '../tickets/wiring.ts';
import type { ViewerContext } from '../websocket/viewer-context.ts';
import { type Audited, ForwardAudit } from './forward-audit.ts';
import { forwardRate } from './forward-rate.ts';

/** No record is kept of a forwarded connection. */
const ledger: ViewerContext['ledger'] = { opened: () => {}, attachedRaw: () => () => {}, ended: () => {} };

export type Forwards = ReturnType<typeof wireForwards>;

/** Forwarded TCP connections and ssh connections: the same attachments as those of terminals, with an audit log and a limit of their own. */
export const wireForwards = (
  parts: Core &
    Pick<TicketParts, 'sealPass'> & { readonly attach: OpenAttachment; readonly forwardSlots: OpenTerminals },
) => ({
  forwards: {
    slots: parts.forwardSlots,
    rate: forwardRate(parts.now),
    auditOf: (scope: RequestScope, what: Audited): ForwardAudit => new ForwardAudit(parts, scope, what),
    contextOf: (audit: ForwardAudit): ViewerContext => ({
      attach: (request, events) => {
        const leave = (): void => attachment.detach('left');
        const attachment: Attachment = parts.attach(request, audit.watch(request, events, leave));
        return attachment;
      },
      terminals: parts.forwardSlots,
      ledger,
      sealPass: parts.sealPass,
      now: parts.now,
    }),
  },
});
