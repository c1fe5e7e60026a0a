import { textsOf } from './plain-words.ts';

/** Words of docs/ui/words.md that have another term on the pages. Only those that are wrong in every text are listed. */
const otherTerms: readonly (readonly [word: RegExp, term: string])[] = [
  [/\bdaemons?\b/i, 'agent'],
  [/\bconsoles?\b/i, 'shell'],
  [/\blive terminals?\b/i, 'session'],
  [/\binvit(?:e|es|ed|ations?)\b/i, 'share'],
  [/\b(?:person|persons|people|members?|visitors?)\b/i, 'user, guest'],
  [/\bsp(?:y|ies)\b|\blook(?:s|ed|ing)? on\b/i, 'view, watch'],
  [/\bput(?:s|ting)? up\b/i, 'upload'],
  [/\blog(?:s|ged|ging)? (?:in|out)\b|\blogins?\b(?! shell)|\blogouts?\b/i, 'sign in, sign out'],
  [/\bSSO\b|\bIdP\b/i, 'provider'],
  [/\b2FA\b|\bMFA\b|\bbackup codes?\b/i, 'second factor, recovery code'],
  [/\bAPI tokens?\b|\bPAT\b/, 'access token'],
  [/\bjoin keys?\b/i, 'enrolment token'],
  // A connection is made a WebSocket with an upgrade.
  [/(?<!with an )\bupgrad(?:e|es|ed|ing)\b/i, 'update'],
  [/\bmak(?:e|es|ing) (?:a|an|the)\b|\bmade (?:a|an|the)\b|\b(?:is|are|was|were|be|been) (?:not )?made\b/i, 'create'],
  [/\bfetch(?:es|ed|ing)?\b/i, 'load'],
  [/\w\(s\)/, 'the singular or the plural'],
];

const isComment = (text: string): boolean => /^\/[/*]/.test(text);
/** Code between two signs that look like tags. */
const isCode = (text: string): boolean => !/^['"`]/.test(text) && /=|\w\(|\bfrom '/.test(text);

/** The words of the pages in this source that have another term, as `12 fetched: load`, with their lines. */
export const pageWordsIn = (path: string, source: string): string[] =>
  textsOf(path, source)
    .filter(({ text }) => !isComment(text) && !isCode(text))
    .flatMap(({ line, text }) =>
      otherTerms.flatMap(([word, term]) => {
        const match = word.exec(text.replaceAll(/\$\{[^}]*\}/g, ''));
        return match === null ? [] : [`${line} ${match[0]}: ${term}`];
      }),
    );
