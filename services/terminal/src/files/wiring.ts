import type { Api } from '@webxterm/shared/api';
import type { OpenAttachment } from '../attachment/attachment.ts';
import type { Core } from '../core.ts';
import type { MachineCalls } from '../sessions/machine-calls.ts';
import { mountFiles } from './http.ts';

/** The files on machines, and their routes. */
export const wireFiles = (parts: Core & { readonly attach: OpenAttachment; readonly machines: MachineCalls }) => ({
  mountFiles: (api: Api): void => mountFiles(api, { ...parts, maxBytes: parts.settings.FILE_MAX_MIB * 1024 * 1024 }),
});
