import { Button } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { copyText } from './clipboard.ts';

const shownMs = 2_000;

/** Copies the result of `text`, which is called on click and may fetch it. Shows whether the copy succeeded. */
export const CopyButton = (props: { label: string; name?: string; text: () => Promise<string> | string }) => {
  const { label, name = 'Copy', text } = props;
  const [result, setResult] = useState<'copied' | 'failed'>();
  useEffect(() => {
    if (result === undefined) return;
    const timer = setTimeout(() => setResult(undefined), shownMs);
    return () => clearTimeout(timer);
  }, [result]);
  const copy = async (): Promise<void> => {
    try {
      setResult((await copyText(await text())) ? 'copied' : 'failed');
    } catch {
      setResult('failed');
    }
  };
  const copied = result === 'copied';
  return (
    <>
      <Button
        size="xs"
        flex="none"
        variant={copied ? 'filled' : 'default'}
        // Otherwise the name is the visible text, which must be a part of it.
        aria-label={result === undefined ? label : undefined}
        leftSection={copied ? <IconCheck size={15} aria-hidden /> : <IconCopy size={15} aria-hidden />}
        onClick={() => void copy()}
      >
        {copied ? 'Copied' : result === 'failed' ? 'Could not copy' : name}
      </Button>
      <span className="wx-unseen" role="status">
        {copied ? 'Copied to the clipboard' : result === 'failed' ? 'Could not copy: select the text and copy it' : ''}
      </span>
    </>
  );
};
