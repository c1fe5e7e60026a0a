import { busPermissions, Envelope, ReplyEnvelope } from '@webxterm/contracts/bus';
import { isIgnorable } from '@webxterm/contracts/frames';
import { z } from 'zod';
import { ClientMessage, ServerMessage } from '../services/terminal/src/websocket/json-messages.ts';
import { type BusChannel, busChannels } from './asyncapi-bus.ts';
import { type DocumentedFrame, documentedFrames } from './asyncapi-frames.ts';

type Json = Record<string, unknown>;

/** Whether NATS lets a message on `subject` through a permission; `*` is one token, `>` the rest. */
const covers = (permission: string, subject: string): boolean => {
  const [allowed, asked] = [permission.split('.'), subject.split('.')];
  for (const [index, token] of allowed.entries()) {
    if (token === '>') return asked.length > index;
    if (asked[index] === undefined || (token !== '*' && token !== asked[index])) return false;
  }
  return allowed.length === asked.length;
};

/** The services that publish on a subject or subscribe to it. */
const usersOf = (subject: string, side: 'publish' | 'subscribe'): string[] =>
  Object.entries(busPermissions)
    .filter(([user, allowed]) => user !== 'init' && allowed[side].some((permission) => covers(permission, subject)))
    .map(([user]) => user);

/** Puts each named schema where it is referred to: a reference would count from the root of the whole document. */
const inlined = (value: unknown, definitions: Json): unknown => {
  if (Array.isArray(value)) return value.map((inner) => inlined(inner, definitions));
  if (typeof value !== 'object' || value === null) return value;
  const { $ref, ...rest } = z.record(z.string(), z.unknown()).parse(value);
  if (typeof $ref === 'string') return inlined(definitions[$ref.replace(/^.*\//, '')], definitions);
  return Object.fromEntries(Object.entries(rest).map(([key, inner]) => [key, inlined(inner, definitions)]));
};

const schemaOf = (schema: z.ZodType): unknown => {
  const {
    $schema: _dialect,
    definitions,
    ...json
  } = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
  });
  return inlined(json, z.record(z.string(), z.unknown()).default({}).parse(definitions));
};

/** `terminal.sessions.of_user` -> `terminal-sessions-of_user`: keys have few characters. */
const keyOf = (text: string): string =>
  text.replaceAll('*', 'ID').replaceAll('>', 'REST').replaceAll(/\W+/g, '-').replaceAll(/^-|-$/g, '');

const enveloped = ({ schema, bare }: BusChannel): unknown =>
  schema === undefined ? undefined : schemaOf(bare ? schema : Envelope.extend({ body: schema }));

const json = 'application/json';

const parametersOf = (subject: string): Json => {
  const wild = subject.match(/[*>]/)?.[0];
  if (wild === undefined) return { address: subject };
  const address = subject.replace(/[*>]/, '{rest}').replace('{rest}', wild === '*' ? '{id}' : '{rest}');
  return {
    address,
    parameters: {
      [wild === '*' ? 'id' : 'rest']: { description: wild === '*' ? 'One token.' : 'One or more tokens.' },
    },
  };
};

const busParts = (channel: BusChannel): { channels: Json; operations: Json } => {
  const { subject, summary, reply } = channel;
  const key = keyOf(subject);
  const reference = { $ref: `#/channels/${key}` };
  const payload = enveloped(channel);
  const server = [{ $ref: '#/servers/bus' }];
  const replies =
    reply === undefined
      ? {}
      : {
          [`${key}-reply`]: {
            address: null,
            description: `\`_REPLY.${subject}.\` and an unguessable token; the header \`Nats-Reply-To\` of the request has it.`,
            servers: server,
            messages: {
              reply: {
                summary: 'The value, or an error with a code of the error list.',
                contentType: json,
                payload: schemaOf(ReplyEnvelope),
              },
              value: { summary: '`value` of the reply.', contentType: json, payload: schemaOf(reply) },
            },
          },
        };
  const operation = (user: string, action: 'send' | 'receive'): [string, Json] => [
    `${user}-${action}s-${key}`,
    {
      action,
      channel: reference,
      summary: `${user} ${action === 'send' ? 'publishes' : 'subscribes'}.`,
      ...(reply === undefined ? {} : { reply: { channel: { $ref: `#/channels/${key}-reply` } } }),
    },
  ];
  return {
    channels: {
      [key]: {
        ...parametersOf(subject),
        summary,
        servers: server,
        messages: { message: { summary, contentType: json, ...(payload === undefined ? {} : { payload }) } },
      },
      ...replies,
    },
    operations: Object.fromEntries([
      ...usersOf(subject, 'publish').map((user) => operation(user, 'send')),
      ...usersOf(subject, 'subscribe').map((user) => operation(user, 'receive')),
    ]),
  };
};

const hex = (code: number): string => code.toString(16).padStart(2, '0');

const frameMessage = ({ code, name, fields, examples }: DocumentedFrame): Json => ({
  title: name,
  summary: `Byte ${hex(code)}, then: ${fields.replaceAll('`', '')}. Big endian.`,
  description: isIgnorable(code) ? 'A receiver that does not know this type skips the frame.' : undefined,
  contentType: 'application/octet-stream',
  payload: { type: 'string', format: 'binary' },
  'x-frame-type': code,
  'x-direction': (code & 0x40) === 0 ? 'viewer to machine' : 'machine to viewer',
  'x-bytes': examples.map(({ bytes, says }) => `${bytes}: ${says}`),
});

const framesOf = (direction: 'up' | 'down'): [string, Json][] =>
  documentedFrames
    .filter((frame) => frame.direction === direction)
    .map((frame) => [`${direction}-${keyOf(frame.name)}`, frameMessage(frame)]);

const socketOf = (
  summary: string,
  path: string,
  up: [string, Json][],
  down: [string, Json][],
  subprotocol?: string,
): Json => ({
  address: `/api/terminal/{agent_id}/${path}`,
  summary,
  description: 'docs/protocol.md has the query, the close codes and the rules.',
  servers: [{ $ref: '#/servers/gateway' }],
  parameters: { agent_id: { description: 'The machine.' } },
  messages: Object.fromEntries([...up, ...down]),
  bindings: {
    ws: {
      method: 'GET',
      ...(subprotocol === undefined
        ? {}
        : {
            headers: {
              type: 'object',
              properties: { 'Sec-WebSocket-Protocol': { type: 'string', const: subprotocol } },
              required: ['Sec-WebSocket-Protocol'],
            },
          }),
      bindingVersion: '0.1.0',
    },
  },
});

const bytes = (name: string, summary: string): [string, Json][] => [
  [name, { summary, contentType: 'application/octet-stream', payload: { type: 'string', format: 'binary' } }],
];
const jsonMessages = (name: string, schema: z.ZodType, summary: string): [string, Json][] => [
  [name, { summary, contentType: json, payload: schemaOf(schema) }],
];

type Messages = [string, Json][];
const sockets: readonly [
  key: string,
  summary: string,
  path: string,
  up: Messages,
  down: Messages,
  subprotocol?: string,
][] = [
  ['terminal-v1', 'A terminal, with frames', 'ws', framesOf('up'), framesOf('down'), 'webxterm.v1'],
  [
    'terminal-raw',
    'A terminal, without a subprotocol',
    'ws',
    bytes('input', 'Text or binary: input of the shell.'),
    bytes('output', 'Binary: output of the shell.'),
  ],
  [
    'terminal-json',
    'A terminal, with JSON',
    'ws',
    jsonMessages('client', ClientMessage, 'Input, or the size of the window.'),
    jsonMessages('server', ServerMessage, 'Output, or an error.'),
    'webxterm.json',
  ],
  [
    'forward',
    'A forwarded TCP connection, with the same frames (docs/forwards.md)',
    'tcp',
    framesOf('up'),
    framesOf('down'),
    'webxterm.v1',
  ],
  [
    'ssh',
    'A connection of an ssh client, with the same frames (docs/ssh.md)',
    'ssh',
    framesOf('up'),
    framesOf('down'),
    'webxterm.v1',
  ],
];

const socketParts = ([key, summary, path, up, down, subprotocol]: (typeof sockets)[number]) => {
  const operation = (action: 'send' | 'receive', messages: Messages): Json => ({
    action,
    channel: { $ref: `#/channels/${key}` },
    messages: messages.map(([name]) => ({ $ref: `#/channels/${key}/messages/${name}` })),
  });
  return {
    channels: { [key]: socketOf(summary, path, up, down, subprotocol) },
    // As the server sees it.
    operations: { [`${key}-receives`]: operation('receive', up), [`${key}-sends`]: operation('send', down) },
  };
};

/** AsyncAPI 3.0 of the WebSockets and of the bus. The document of the REST API is OpenAPI. */
export const asyncApiDocument = (): Json => {
  const parts = [...sockets.map(socketParts), ...busChannels.map(busParts)];
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'WebXTerm: WebSockets and bus',
      version: '1',
      description:
        'The WebSockets are for clients. The subjects of the bus are internal: they may change with each version, and NATS lets only the services use them. Written by `npm run docs:asyncapi`; do not edit.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: json,
    servers: {
      gateway: { host: 'term.example.org', protocol: 'wss', description: 'The gateway of an installation.' },
      bus: { host: 'nats.internal:4222', protocol: 'nats', description: 'Inside of an installation.' },
    },
    channels: Object.assign({}, ...parts.map(({ channels }) => channels)),
    operations: Object.assign({}, ...parts.map(({ operations }) => operations)),
  };
};

export const asyncApiText = (): string => `${JSON.stringify(asyncApiDocument(), undefined, 2)}\n`;
