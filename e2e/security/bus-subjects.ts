/** Whether one of the patterns of NATS covers a subject. */
export const covers = (patterns: readonly string[], subject: string): boolean =>
  patterns.some((pattern) => {
    const wanted = pattern.split('.');
    const given = subject.split('.');
    const matches = wanted.every(
      (part, at) => part === '>' || (given[at] !== undefined && (part === '*' || part === given[at])),
    );
    return matches && (wanted.at(-1) === '>' || wanted.length === given.length);
  });
