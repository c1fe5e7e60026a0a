import { CertificateFolder, type Logger, measureCertificates } from '@webxterm/shared';
import type { Registry } from 'prom-client';
import type { TerminalSettings } from '../settings.ts';

/** The client certificate for calls to hubs; undefined without TLS. @throws ConfigError if it cannot be used */
export const openCertificates = (
  settings: Pick<TerminalSettings, 'INTERNAL_TLS_DIR'>,
  metrics: Registry,
  logger: Logger,
): CertificateFolder | undefined => {
  const { INTERNAL_TLS_DIR: folder } = settings;
  if (folder === undefined) return undefined;
  const setting = 'INTERNAL_TLS_DIR';
  const certificates = new CertificateFolder({ service: 'terminal', setting, folder, needsCa: true, logger });
  measureCertificates(metrics, [certificates]);
  return certificates;
};
