import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** A span as a collector receives it. */
export interface ReceivedSpan {
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it begins the trace. */
  readonly parentId: string;
  /** ns since 1970. */
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** A collector in this process: takes traces by OTLP over HTTP with protobuf. */
export class OtlpCollector {
  readonly spans: ReceivedSpan[] = [];
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url === '/v1/traces') this.spans.push(...spansIn(Buffer.concat(chunks)));
      response.writeHead(request.url === '/v1/traces' ? 200 : 404, { 'content-type': 'application/x-protobuf' }).end();
    });
  });

  /** @returns its address, for OTEL_EXPORTER_OTLP_ENDPOINT */
  start(): Promise<string> {
    return new Promise((resolve) =>
      this.#server.listen(0, '127.0.0.1', () =>
        resolve(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`),
      ),
    );
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** The names of the spans from the first to this one, each as `service: name`. */
  wayTo(span: ReceivedSpan): string[] {
    const parent = this.spans.find(({ traceId, spanId }) => traceId === span.traceId && spanId === span.parentId);
    const before = parent === undefined ? (span.parentId === '' ? [] : ['unknown']) : this.wayTo(parent);
    return [...before, `${span.service}: ${span.name}`];
  }
}

type Fields = ReadonlyMap<number, readonly (Uint8Array | bigint)[]>;

const fieldsOf = (bytes: Uint8Array): Fields => {
  const fields = new Map<number, (Uint8Array | bigint)[]>();
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const value =
      type === WireType.LengthDelimited
        ? reader.bytes()
        : type === WireType.Varint
          ? BigInt(reader.int64())
          : type === WireType.Bit64
            ? BigInt(reader.fixed64())
            : BigInt(reader.fixed32());
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
};

const none = new Uint8Array();
const messages = (fields: Fields, field: number): Fields[] =>
  (fields.get(field) ?? []).map((value) => fieldsOf(typeof value === 'bigint' ? none : value));
const bytesOf = (fields: Fields, field: number): Buffer => {
  const value = fields.get(field)?.[0];
  return Buffer.from(value === undefined || typeof value === 'bigint' ? none : value);
};
const numberOf = (fields: Fields, field: number): bigint => {
  const value = fields.get(field)?.[0];
  return typeof value === 'bigint' ? value : 0n;
};

// The field numbers are those of opentelemetry/proto/trace/v1/trace.proto.
const attributesOf = (fields: Fields, field: number): Record<string, string | number> =>
  Object.fromEntries(
    messages(fields, field).map((pair) => {
      const value = messages(pair, 2)[0] ?? new Map();
      return [bytesOf(pair, 1).toString(), value.has(1) ? bytesOf(value, 1).toString() : Number(numberOf(value, 3))];
    }),
  );

const spansIn = (body: Uint8Array): ReceivedSpan[] =>
  messages(fieldsOf(body), 1).flatMap((ofResource) => {
    const service = String(messages(ofResource, 1).map((resource) => attributesOf(resource, 1)['service.name'])[0]);
    return messages(ofResource, 2)
      .flatMap((ofScope) => messages(ofScope, 2))
      .map((span) => ({
        service,
        name: bytesOf(span, 5).toString(),
        traceId: bytesOf(span, 1).toString('hex'),
        spanId: bytesOf(span, 2).toString('hex'),
        parentId: bytesOf(span, 4).toString('hex'),
        start: numberOf(span, 7),
        end: numberOf(span, 8),
        attributes: attributesOf(span, 9),
      }));
  });
