import { errorCatalog, isErrorCode } from '@webxterm/contracts/errors';
import { plainLines } from '@webxterm/contracts/text';
import { ApiError, UnreachableError } from '@webxterm/rest-client';
import { exitCode, Failure, systemCode } from '../failure.ts';

const maxText = 2000;

/** How a command that failed ends: the sentence on stderr, and the exit code. */
export interface Report {
  readonly text: string;
  readonly exitCode: number;
}

const ownStatus: readonly (readonly [matches: (status: number) => boolean, code: number])[] = [
  [(status) => status === 401, exitCode.signedOut],
  [(status) => status === 404, exitCode.notFound],
  [(status) => status === 403, exitCode.refused],
  [(status) => status >= 502 && status <= 504, exitCode.unreachable],
];

/** The exit code for an error of the server. */
const exitCodeOf = ({ status }: { readonly status: number }): number =>
  ownStatus.find(([matches]) => matches(status))?.[1] ?? exitCode.failure;

/** The exit code for a refusal by its code, as on a WebSocket. */
export const codeOfRefusal = (code: string): number =>
  isErrorCode(code) ? exitCodeOf(errorCatalog[code]) : exitCode.failure;

const certificateProblem = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/;

/** The innermost cause: fetch wraps the error of the connection. */
const rootOf = (error: unknown): unknown =>
  error instanceof Error && error.cause !== undefined ? rootOf(error.cause) : error;

const unreachable = (error: UnreachableError): string => {
  const root = rootOf(error);
  const code = systemCode(root) ?? '';
  const reason = root instanceof Error && root !== error ? ` ${root.message || code}.` : '';
  const advice = certificateProblem.test(code)
    ? ' If the server has a private CA, log in with --ca FILE or --ca-fingerprint sha256:….'
    : '';
  return `The server cannot be reached.${reason}${advice}`;
};

/** The text may contain what the server, its certificate or a machine says, so what is not visible is removed. */
export const reportOf = (error: unknown): Report => {
  const { text, exitCode: code } = rawReport(error);
  return { text: plainLines(text, maxText), exitCode: code };
};

const rawReport = (error: unknown): Report => {
  if (error instanceof Failure) return { text: error.message, exitCode: error.exitCode };
  if (error instanceof UnreachableError) return { text: unreachable(error), exitCode: exitCode.unreachable };
  if (error instanceof ApiError) {
    const again = error.status === 401 ? ' The access token is not valid here: vsay login' : '';
    const fields = error.details.map(({ path, message }) => `\n  ${path}: ${message}`).join('');
    const request = error.requestId === undefined || error.status < 500 ? '' : ` (request ${error.requestId})`;
    return { text: `${error.message}${again}${request}${fields}`, exitCode: exitCodeOf(error) };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { text: `vsay failed unexpectedly. ${text}`, exitCode: exitCode.failure };
};
