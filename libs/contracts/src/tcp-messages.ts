/**
 * The messages in both directions of a session of kind `tcp` (docs/forwards.md): its input and its output consist of them. A message is a
 * type byte, the length of its payload as u16 (big endian), and the payload. `data`: bytes of the connection. `end`: no more bytes follow
 * in this direction (FIN). `reset`, from the machine only: the connection broke, with the reason as text.
 */
const tcpMessageType = { data: 1, end: 2, reset: 3 } as const;

/** Bytes before the payload of a message. */
const tcpHeadLength = 3;
/** Largest payload of `data`. */
export const maxTcpData = 32 * 1024;
/** Largest reason of `reset`, in bytes. */
const maxReason = 256;

export type TcpPart = { type: 'data'; bytes: Uint8Array } | { type: 'end' } | { type: 'reset'; reason: string };

const framed = (type: number, payload: Uint8Array): Uint8Array<ArrayBuffer> => {
  const message = new Uint8Array(tcpHeadLength + payload.length);
  message[0] = type;
  new DataView(message.buffer).setUint16(1, payload.length);
  message.set(payload, tcpHeadLength);
  return message;
};

/** Messages with these bytes. */
export const tcpData = (bytes: Uint8Array): Uint8Array<ArrayBuffer>[] =>
  Array.from({ length: Math.ceil(bytes.length / maxTcpData) }, (_, index) =>
    framed(tcpMessageType.data, bytes.subarray(index * maxTcpData, (index + 1) * maxTcpData)),
  );

export const tcpEnd = (): Uint8Array<ArrayBuffer> => framed(tcpMessageType.end, new Uint8Array());

export const tcpReset = (reason: string): Uint8Array<ArrayBuffer> =>
  framed(tcpMessageType.reset, new TextEncoder().encode(reason).subarray(0, maxReason));

/** The other side sent what is no message. */
export class TcpMessageError extends Error {
  override readonly name = 'TcpMessageError';
}

/** Reads messages from a stream of bytes. Bytes of the connection are passed on as they arrive, as views. */
export class TcpMessageReader {
  readonly #head: number[] = [];
  #left = 0;
  #reason: number[] = [];
  #ended = false;

  /** @throws TcpMessageError */
  push(bytes: Uint8Array): TcpPart[] {
    const parts: TcpPart[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (this.#head.length < tcpHeadLength) {
        this.#head.push(bytes[at] ?? 0);
        at += 1;
        if (this.#head.length === tcpHeadLength) this.#begin(parts);
        continue;
      }
      const piece = bytes.subarray(at, at + this.#left);
      at += piece.length;
      this.#left -= piece.length;
      if (this.#head[0] === tcpMessageType.data) parts.push({ type: 'data', bytes: piece });
      else this.#reason.push(...piece);
      this.#endIfComplete(parts);
    }
    return parts;
  }

  #begin(parts: TcpPart[]): void {
    const [type, high = 0, low = 0] = this.#head;
    const length = high * 256 + low;
    if (this.#ended && type !== tcpMessageType.reset) throw new TcpMessageError('a message after the end');
    const fits =
      (type === tcpMessageType.data && length > 0 && length <= maxTcpData) ||
      (type === tcpMessageType.end && length === 0) ||
      (type === tcpMessageType.reset && length <= maxReason);
    if (!fits) throw new TcpMessageError(`a message of type ${type} and ${length} bytes`);
    this.#left = length;
    this.#endIfComplete(parts);
  }

  #endIfComplete(parts: TcpPart[]): void {
    if (this.#left > 0) return;
    const [type] = this.#head.splice(0);
    if (type === tcpMessageType.data) return;
    this.#ended = true;
    if (type === tcpMessageType.end) parts.push({ type: 'end' });
    else parts.push({ type: 'reset', reason: new TextDecoder().decode(Uint8Array.from(this.#reason.splice(0))) });
  }
}
