/** The character of a key with Ctrl: `c` gives 0x03, Space gives 0x00. Text without such a form is returned unchanged. */
export const controlled = (text: string): string => {
  if (text === ' ') return '\0';
  if (text === '?') return '\x7f';
  return /^[@-_a-z]$/.test(text) ? String.fromCharCode(text.toUpperCase().charCodeAt(0) & 0x1f) : text;
};
