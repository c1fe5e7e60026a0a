/** Where a terminal's parser stands, as far as a cut is concerned. */
const state = {
  ground: 0,
  /** After ESC. */
  escape: 1,
  /** After ESC and an intermediate byte, such as `ESC (`. */
  escapeIntermediate: 2,
  /** In a control sequence, up to its final byte. */
  csi: 3,
  /** Device control strings: up to ST, as below, but BEL does not end them. */
  dcs: 4,
  /** Operating system commands: up to ST or BEL. */
  osc: 5,
  /** SOS, PM and APC strings. */
  string: 6,
} as const;

type State = (typeof state)[keyof typeof state];

const cancel = 0x18;
const substitute = 0x1a;
const esc = 0x1b;
const bell = 0x07;

/** What follows ESC [ / ESC P and so on, and the C1 characters that mean the same (as U+0080 and up, two bytes in UTF-8). */
const afterEscape = (byte: number): State => {
  if (byte === 0x5b) return state.csi;
  if (byte === 0x50) return state.dcs;
  if (byte === 0x5d) return state.osc;
  if (byte === 0x58 || byte === 0x5e || byte === 0x5f) return state.string;
  if (byte >= 0x20 && byte < 0x30) return state.escapeIntermediate;
  if (byte < 0x20 || byte === 0x7f) return state.escape;
  return state.ground;
};

/**
 * Finds the places in a terminal's output that lie in no character and no escape sequence, by the state machine that
 * terminals share (VT500). Output may be cut there: what follows means the same to an emulator that saw none of the rest.
 */
export class GroundScanner {
  #state: State = state.ground;
  /** Continuation bytes that the character under way still has. */
  #continuation = 0;
  /** The character under way may be a C1 control. */
  #c2 = false;

  /** Whether the end of what was scanned is such a place. */
  get atGround(): boolean {
    return this.#state === state.ground && this.#continuation === 0;
  }

  /** @returns how many of the bytes lie before the last place where they may be cut; -1 when there is none among them */
  scan(bytes: Uint8Array): number {
    let cut = -1;
    for (let at = 0; at < bytes.length; at += 1) {
      this.#byte(bytes[at] ?? 0);
      if (this.#state === state.ground && this.#continuation === 0) cut = at + 1;
    }
    return cut;
  }

  #byte(byte: number): void {
    if (byte < 0x80) {
      this.#continuation = 0;
      this.#character(byte);
    } else if (byte < 0xc0) this.#continue(byte);
    else {
      this.#c2 = byte === 0xc2;
      this.#continuation = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : byte < 0xf8 ? 3 : 0;
    }
  }

  #continue(byte: number): void {
    if (this.#continuation === 0) return; // no character: decoders drop it
    this.#continuation -= 1;
    if (this.#continuation > 0) return;
    if (this.#c2 && byte < 0xa0) this.#control(byte);
    else this.#character(0xa0);
    this.#c2 = false;
  }

  /** A C1 control: it means ESC and the character 0x40 below it, in every state. */
  #control(code: number): void {
    const next = afterEscape(code - 0x40);
    this.#state = next === state.escapeIntermediate || next === state.escape ? state.ground : next;
  }

  /** A whole character: ASCII as it is, anything above as 0xa0. */
  #character(code: number): void {
    if (code === esc) this.#state = state.escape;
    else if (code === cancel || code === substitute) this.#state = state.ground;
    else if (this.#state === state.escape) this.#state = code >= 0x80 ? state.ground : afterEscape(code);
    else if (this.#state === state.escapeIntermediate) {
      if (code >= 0x30 && code !== 0x7f) this.#state = state.ground;
    } else if (this.#state === state.csi) {
      if (code >= 0x40 && code !== 0x7f) this.#state = state.ground;
    } else if (this.#state === state.osc && code === bell) this.#state = state.ground;
  }
}
