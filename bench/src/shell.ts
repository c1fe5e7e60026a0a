/** A shell as the load tool sees it, over whatever path. */
export interface Shell {
  type(input: string | Uint8Array): void;
  /** One listener at a time; it gets the bytes as they come and must be quick. */
  onOutput(listener: (bytes: Uint8Array) => void): void;
  /** Ends the shell and whatever runs in it. */
  close(): Promise<void>;
}

/** Resolves with what was printed, once `marker` has been seen in it. Rejects after `timeoutMs`. */
export const waitFor = (shell: Shell, marker: string, timeoutMs = 20_000): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(
      () =>
        reject(
          new Error(`no ${JSON.stringify(marker)} within ${timeoutMs} ms, only ${JSON.stringify(text.slice(-200))}`),
        ),
      timeoutMs,
    );
    shell.onOutput((bytes) => {
      text += Buffer.from(bytes).toString('latin1');
      if (!text.includes(marker)) return;
      clearTimeout(timer);
      shell.onOutput(() => {});
      resolve(text);
    });
  });

/** Gives a fresh shell to `measure` and ends it, whatever comes of it. */
export const withShell = async <S extends Shell, T>(
  open: () => Promise<S>,
  measure: (shell: S) => Promise<T>,
): Promise<T> => {
  const shell = await open();
  try {
    return await measure(shell);
  } finally {
    await shell.close();
  }
};

/** Runs `command` up to the point where it has printed a mark of its own, so that the prompt and its echo are out of the way. */
export const prepare = async (shell: Shell, command: string): Promise<void> => {
  const mark = `mark${Math.random().toString(36).slice(2)}`;
  const seen = waitFor(shell, `${mark}-now`);
  shell.type(`${command}; printf '%s-%s' ${mark} now\n`);
  await seen;
};

/** Gives `listener` what is printed after `mark`, and at most `length` bytes of it: prompts before and behind are no output. */
export const between = (
  mark: string,
  length: number,
  listener: (bytes: Uint8Array) => void,
): ((bytes: Uint8Array) => void) => {
  let before = Buffer.alloc(0);
  let started = false;
  let left = length;
  return (bytes) => {
    let fresh = bytes;
    if (!started) {
      before = Buffer.concat([before, bytes]);
      const at = before.indexOf(mark);
      if (at === -1) return;
      started = true;
      fresh = before.subarray(at + mark.length);
    }
    const taken = fresh.subarray(0, left);
    left -= taken.length;
    if (taken.length > 0) listener(taken);
  };
};
