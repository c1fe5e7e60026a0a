import type { IncomingMessage, ServerResponse } from 'node:http';
import { apiDocs, health, openapi, type Route, wellKnown } from '@webxterm/contracts/rest';
import { toAppError } from '@webxterm/shared';
import { agentFiles, isAgentFile } from '../agent-files/agent-files.ts';
import { wellKnownAnswer } from '../discovery/well-known.ts';
import type { HealthMonitor } from '../health/monitor.ts';
import { isViewerFile, viewerFiles, viewerPage, viewerPolicy } from '../openapi/viewer.ts';
import type { GatewaySettings } from '../settings.ts';
import { apiSecurity } from '../web-ui/security-headers.ts';
import { webUi } from '../web-ui/web-ui.ts';
import { answerError, answerJson } from './answer.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** The responses that the gateway produces itself. */
export interface OwnRoutes {
  /** By route id. */
  readonly routes: ReadonlyMap<string, Answer>;
  /** Any path outside of the API: the web UI, the files from which machines install their agent, and those of the API viewer. */
  readonly page: Answer;
  /** Sets the security headers of an API response. */
  readonly secureApi: Answer;
}

type Settings = Pick<
  GatewaySettings,
  | 'PUBLIC_URL'
  | 'INSTALLATION_ID'
  | 'GRPC_ADDRESSES'
  | 'GRPC_TLS'
  | 'GRPC_CA'
  | 'SIGNUP'
  | 'COMMIT'
  | 'WEB_DIR'
  | 'AGENT_DIR'
  | 'AGENT_ARCHIVES_DIR'
>;

/** `origins` are the allowed origins: the CSP lets the UI open WebSockets to them. */
export const ownRoutes = (
  settings: Settings,
  version: string,
  origins: Iterable<string>,
  monitor: HealthMonitor,
): OwnRoutes => {
  const { PUBLIC_URL: publicUrl, INSTALLATION_ID: installationId } = settings;
  // Built on the first request, so that it does not delay the start.
  let document: Promise<string> | undefined;
  const makeDocument = async (): Promise<string> => {
    const { openApiDocument } = await import('../openapi/document.ts');
    return JSON.stringify(openApiDocument({ publicUrl, version, installationId }));
  };
  const discovery = JSON.stringify(
    wellKnownAnswer({
      version,
      installationId,
      grpcAddresses: settings.GRPC_ADDRESSES,
      grpcTls: settings.GRPC_TLS === 'on',
      grpcCa: settings.GRPC_CA,
      signup: settings.SIGNUP,
    }),
  );
  const secure = apiSecurity(publicUrl);
  const answers: readonly [Route, () => string | Promise<string>][] = [
    [health, async () => JSON.stringify({ ...(await monitor.check()), commit: settings.COMMIT })],
    [
      openapi,
      () => {
        document ??= makeDocument();
        return document;
      },
    ],
    [wellKnown, () => discovery],
  ];
  const routes = new Map(answers.map(([route, body]) => [route.id, answerWith(body)]));
  routes.set(
    apiDocs.id,
    answerWith(() => viewerPage, viewerHeaders),
  );
  const ui = webUi({ dir: settings.WEB_DIR, publicUrl, origins });
  const files = agentFiles({ dir: settings.AGENT_DIR, archives: settings.AGENT_ARCHIVES_DIR, publicUrl });
  const viewer = viewerFiles(publicUrl);
  const outsideApi = (path: string): Answer => (isAgentFile(path) ? files : isViewerFile(path) ? viewer : ui);
  return {
    routes,
    page: (request, response) => outsideApi(pathOf(request))(request, response),
    secureApi: (request, response) => secure(request, response, () => undefined),
  };
};

const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0] ?? '';

const viewerHeaders = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': viewerPolicy };

const answerWith =
  (body: () => string | Promise<string>, headers: Readonly<Record<string, string>> = {}): Answer =>
  (request, response) => {
    Promise.resolve()
      .then(body)
      .then((text) => answerJson(request, response, 200, text, { 'cache-control': 'no-store', ...headers }))
      .catch((error: unknown) => {
        if (!response.headersSent)
          answerError(request, response, toAppError(error), String(response.getHeader('x-request-id') ?? ''));
      });
  };
