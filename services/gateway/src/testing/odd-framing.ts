/** The bytes that an attacker wants to place before the next person's request: an unfinished head, a whole request, and junk. */
const payloads = [
  'POST /api/profile/regenerate-api-key HTTP/1.1\r\nX-I: ',
  'DELETE /api/profile HTTP/1.1\r\nHost: SMUGGLED\r\nContent-Length: 0\r\n\r\n',
  '0\r\n\r\nGET /api/profile HTTP/1.1\r\nAuthorization: Bearer SMUGGLED\r\nX-I: ',
];

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];

/** Headers that Connection must not list. */
export const connectionTokens = [
  'content-length',
  'Content-Length',
  'transfer-encoding',
  'host',
  'authorization',
  'cookie',
  'origin',
  'content-type',
  'expect',
  'x-webxterm-gateway',
  'x-forwarded-for',
  'x-request-id',
  'x-hop',
];

const hex = (text: string): string => Buffer.byteLength(text).toString(16);
const chunks = (body: string): string => `${hex(body)}\r\n${body}\r\n0\r\n\r\n`;
const upgrade = (protocol: string): string =>
  `Upgrade: ${protocol}\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==`;

/** The lines that frame a body (joined by CRLF), and what follows the head. */
type Framed = readonly [lines: string, rest: string];

const byConnection = (body: string): Framed[] => {
  const length = `Content-Length: ${body.length}`;
  return connectionTokens.flatMap((token): Framed[] => [
    [`Connection: keep-alive, ${token}\r\n${length}`, body],
    [`${length}\r\nConnection: ${token}`, body],
    [`Connection: close\r\nConnection: ,\t${token} ,\r\n${length}`, body],
    [`Connection: ${token}\r\nTransfer-Encoding: chunked`, chunks(body)],
  ]);
};

const byLength = (body: string): Framed[] => {
  const { length } = body;
  const values = [
    `+${length}`,
    `-${length}`,
    `0x${length.toString(16)}`,
    `${length} ${length}`,
    `${length}, ${length}`,
  ];
  values.push(`${length}.0`, '1e2', '', ' ', '99999999999999999999', `0${length}`, `\t${length}`, '\u00b9', '0', '3');
  return [
    ...values.map((value): Framed => [`Content-Length: ${value}`, body]),
    [`Content-Length : ${length}`, body],
    [`Content-Length\t: ${length}`, body],
    [` Content-Length: ${length}`, body],
    [`X-A: b\r\n Content-Length: ${length}`, body],
    [`Content-Length:\r\n ${length}`, body],
    [`X-A: b\nContent-Length: ${length}`, body],
    [`X-A: b\rContent-Length: ${length}`, body],
    [`Content_Length: ${length}`, body],
    [`Content-Length: ${length}\r\nContent-Length: ${length}`, body],
    [`Content-Length: 0\r\nContent-Length: ${length}`, body],
    // Node drops header lines after the first 2,000.
    [`${'a:\r\n'.repeat(2100)}Content-Length: ${length}`, body],
    [`${'a:\r\n'.repeat(100)}Content-Length: ${length}`, body],
  ];
};

/** Values of Transfer-Encoding with an ambiguous end of the body. */
export const doubtfulCodings = [
  'identity',
  'gzip',
  'gzip, chunked',
  'chunked, chunked',
  'chunked, identity',
  'chunked,',
  'chunked;q=1',
  'xchunked',
  '',
  '"chunked"',
];

const byCoding = (body: string): Framed[] => {
  return [
    ...['chunked', 'Chunked', '\u000bchunked', 'chunked\u0000', ...doubtfulCodings].map(
      (value): Framed => [`Transfer-Encoding: ${value}`, chunks(body)],
    ),
    [`Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked`, chunks(body)],
    [`Transfer-Encoding: chunked\r\nTransfer-Encoding: identity`, chunks(body)],
    [`Transfer-Encoding: chunked\r\nContent-Length: ${body.length}`, chunks(body)],
    [`Content-Length: 4\r\nTransfer-Encoding: chunked`, chunks(body)],
    [`Transfer-Encoding : chunked`, chunks(body)],
    [`X-A: b\r\n Transfer-Encoding: chunked`, chunks(body)],
    [`Transfer-Encoding: chunked`, `${hex(body)};ext=1\r\n${body}\r\n0;x="\r\n"\r\n\r\n`],
    [`Transfer-Encoding: chunked`, `${hex(body)};a\nb\r\n${body}\r\n0\r\n\r\n`],
    [`Transfer-Encoding: chunked`, `${hex(body)}\n${body}\n0\n\n`],
    [`Transfer-Encoding: chunked`, `0x${hex(body)}\r\n${body}\r\n0\r\n\r\n`],
    [`Transfer-Encoding: chunked`, `-1\r\n${body}`],
    [`Transfer-Encoding: chunked`, `ffffffffffffffff\r\n${body}`],
    [`Transfer-Encoding: chunked`, `10000000000000003\r\n${body}`],
    [`Transfer-Encoding: chunked`, `3\r\nabc${body}`],
    [`Transfer-Encoding: chunked`, `0\r\nContent-Length: 9\r\nAuthorization: Bearer SMUGGLED\r\n\r\n${body}`],
    [`Transfer-Encoding: chunked\r\nTrailer: X-Webxterm-Gateway`, `0\r\nX-Webxterm-Gateway: SMUGGLED\r\n\r\n${body}`],
  ];
};

const byTime = (body: string): Framed[] => {
  const length = `Content-Length: ${body.length}`;
  return [
    [`Expect: 100-continue\r\n${length}`, body],
    [`Expect: 100-continue`, body],
    [`Expect: 100-continue\r\nExpect: 100-continue\r\n${length}`, body],
    [`Expect: 100-continue, x\r\n${length}`, body],
    [`Expect: junk\r\n${length}`, body],
    [`Expect: 100-continue\r\nTransfer-Encoding: chunked`, chunks(body)],
    [`${upgrade('websocket')}\r\n${length}`, body],
    [`${upgrade('websocket')}\r\nTransfer-Encoding: chunked`, chunks(body)],
    [upgrade('websocket'), body],
    [upgrade('h2c'), body],
    [`${upgrade('h2c')}\r\n${length}`, body],
    // More and fewer bytes than announced.
    [`Content-Length: ${body.length - 3}`, body],
    [`Content-Length: ${body.length + 30}`, body],
    ['', body],
    ['X-A: b', `GET /api/machines HTTP/1.1\r\nHost: HOST\r\n\r\n${body}`],
  ];
};

/** The bytes of one connection. The caller replaces `HOST` and `SMUGGLED`. */
export interface OddRequest {
  readonly bytes: string;
  /** Whether the client half-closes the connection after the last byte. */
  readonly half: boolean;
}

/** Every framing of each payload. */
const framings = payloads.map((payload) => [byConnection, byLength, byCoding, byTime].flatMap((by) => by(payload)));

/** Every method with every odd framing on every target, payloads in rotation. Some are HTTP/1.0, some half-close after the last byte. */
export const oddRequests = (targets: readonly string[]): OddRequest[] =>
  targets.flatMap((target, place) =>
    methods.flatMap((method, turn) =>
      Array.from({ length: framings[0]?.length ?? 0 }, (_, index): OddRequest => {
        const [lines, rest] = framings[(index + turn + place) % framings.length]?.[index] ?? ['', ''];
        const version = (index + turn + place) % 11 === 0 ? '1.0' : '1.1';
        const head = `${method} ${target} HTTP/${version}\r\nHost: HOST\r\n${lines === '' ? '' : `${lines}\r\n`}\r\n`;
        return { bytes: `${head}${rest}`, half: (index + turn) % 5 === 0 };
      }),
    ),
  );
