import { request } from 'node:http';
import type { RowGroup } from './row-group.ts';

interface Loaded {
  readonly text: string;
  /** As it went over the network. */
  readonly bytes: number;
}

const load = (url: string): Promise<Loaded> =>
  new Promise((resolve, reject) => {
    const call = request(url, { headers: { 'accept-encoding': 'br, gzip' } }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.once('end', () => {
        if (answer.statusCode !== 200) return reject(new Error(`${url} answered ${answer.statusCode}`));
        const bytes = Buffer.concat(pieces);
        resolve({ text: bytes.toString('latin1'), bytes: bytes.length });
      });
    });
    call.once('error', reject);
    call.end();
  });

/** The page itself, asked for without compression, names what the browser loads with it. */
const namedBy = async (url: string): Promise<string[]> => {
  const html = await (await fetch(url, { headers: { 'accept-encoding': 'identity' } })).text();
  const names = [...html.matchAll(/<(?:script|link)\b[^>]*?\b(?:src|href)="([^"]+)"[^>]*>/g)].map(
    ([, name = '']) => name,
  );
  if (!names.some((name) => name.endsWith('.js'))) throw new Error('the page names no script: is the web UI built?');
  return names.filter((name) => /\.(js|css)$/.test(name));
};

export const webLoad: RowGroup = {
  name: 'web-load',
  about: 'compressed size of the page and all that it names, before the terminal is opened',
  measure: async (bed) => {
    const { url } = await bed.product();
    const parts = await Promise.all([url, ...(await namedBy(url)).map((name) => new URL(name, url).href)].map(load));
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    return [
      {
        name: 'web UI, first load, compressed',
        unit: 'KB',
        product: [bytes / 1000],
        budget: { kind: 'absolute', atMost: 300 },
      },
    ];
  },
};
