/** The lines of a text, without the one after the last line break. */
const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

/** The changes of a file, as `diff -u` shows it: the lines before and after are those that both texts begin and end with. */
export const difference = (file: string, before: string, after: string): string => {
  const [old, now] = [linesOf(before), linesOf(after)];
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  const [removed, added] = [old.slice(head, old.length - tail), now.slice(head, now.length - tail)];
  const place = (lines: readonly string[]): string => `${lines.length === 0 ? head : head + 1},${lines.length}`;
  return [
    `--- ${before === '' ? '/dev/null' : file}`,
    `+++ ${after === '' ? '/dev/null' : file}`,
    `@@ -${place(removed)} +${place(added)} @@`,
    ...removed.map((line) => `-${line}`),
    ...added.map((line) => `+${line}`),
    '',
  ].join('\n');
};
