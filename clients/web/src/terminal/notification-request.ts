import { plainText } from '@webxterm/contracts/text';

/** A notification that a program asks for. Visible text of bounded length, because it comes from the shell. */
export interface NotificationRequest {
  /** Empty: none. */
  readonly title: string;
  readonly body: string;
}

const longest = { title: 80, body: 200 } as const;
/** Notifications in pieces that are kept until their last piece, and the characters of each part of one. */
const kept = { pieces: 8, characters: 4096 } as const;

const request = (title: string, body: string): NotificationRequest | undefined => {
  const plain = { title: plainText(title, longest.title), body: plainText(body, longest.body) };
  return plain.title === '' && plain.body === '' ? undefined : plain;
};

/** OSC 9 of iTerm2: the text. Undefined for the commands of ConEmu, which begin with a number, such as `4;1;50` for progress. */
export const iTermNotification = (text: string): NotificationRequest | undefined =>
  /^\d+(;|$)/.test(text) ? undefined : request('', text);

/** OSC 777 of rxvt-unicode: `notify;title;body`. */
export const urxvtNotification = (text: string): NotificationRequest | undefined => {
  const [command, title = '', ...body] = text.split(';');
  return command === 'notify' ? request(title, body.join(';')) : undefined;
};

/**
 * OSC 99 of kitty: `metadata;payload`, in pieces. Metadata used here: `i` the id, `d=0` more pieces follow, `p` the part of the payload
 * (`title` or `body`), `e=1` base64 of UTF-8. https://sw.kovidgoyal.net/kitty/desktop-notifications/
 */
export class KittyNotifications {
  readonly #pieces = new Map<string, { title: string; body: string }>();

  /** @returns the notification, with its last piece */
  take(text: string): NotificationRequest | undefined {
    const end = text.indexOf(';');
    if (end === -1) return undefined;
    const metadata = new Map(text.slice(0, end).split(':').map(setting));
    const part = metadata.get('p') ?? 'title';
    if (part !== 'title' && part !== 'body') return undefined;
    const id = metadata.get('i') ?? '';
    const begun = this.#pieces.get(id) ?? { title: '', body: '' };
    const payload = text.slice(end + 1);
    begun[part] = (begun[part] + (metadata.get('e') === '1' ? decoded(payload) : payload)).slice(0, kept.characters);
    this.#pieces.delete(id);
    if (metadata.get('d') !== '0') return request(begun.title, begun.body);
    this.#pieces.set(id, begun);
    for (const [oldest] of this.#pieces) if (this.#pieces.size > kept.pieces) this.#pieces.delete(oldest);
    return undefined;
  }
}

const setting = (text: string): [string, string] => {
  const at = text.indexOf('=');
  return [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
};

const decoded = (base64: string): string => {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
  } catch {
    return '';
  }
};
