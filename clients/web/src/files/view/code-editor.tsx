import { LanguageDescription, syntaxHighlighting } from '@codemirror/language';
import { languages } from '@codemirror/language-data';
import { unifiedMergeView } from '@codemirror/merge';
import { Compartment, EditorState, type Extension } from '@codemirror/state';
import { oneDarkHighlightStyle } from '@codemirror/theme-one-dark';
import { keymap } from '@codemirror/view';
import { useComputedColorScheme } from '@mantine/core';
import { basicSetup, EditorView } from 'codemirror';
import { useEffect, useEffectEvent, useRef } from 'react';
import type { LineBreak } from './content.ts';
import classes from './view-page.module.css';

export interface CodeEditorProps {
  /** The name of the file, by which its language is chosen. */
  readonly name: string;
  readonly text: string;
  readonly lineBreak: LineBreak;
  readonly readOnly: boolean;
  /** The text before a change: the differences are shown. */
  readonly original?: string;
  readonly onChange?: (text: string) => void;
  /** Ctrl+S or Cmd+S. */
  readonly onSave?: () => void;
}

const look = EditorView.theme({
  '&': { color: 'var(--mantine-color-text)', backgroundColor: 'var(--wx-surface)', fontSize: '13px' },
  '.cm-content': { fontFamily: 'var(--mantine-font-family-monospace)', caretColor: 'var(--mantine-color-text)' },
  '.cm-gutters': { backgroundColor: 'var(--wx-surface)', color: 'var(--mantine-color-dimmed)' },
});

/** An editor for a text of a file. It is built anew for another text. */
export const CodeEditor = (props: CodeEditorProps) => {
  const { name, text, lineBreak, readOnly, original } = props;
  const isDark = useComputedColorScheme('light') === 'dark';
  const parent = useRef<HTMLDivElement>(null);
  // It is built again when the colours change, and keeps what was typed.
  const kept = useRef({ text, typed: text });
  const onChange = useEffectEvent((changed: string) => props.onChange?.(changed));
  const onSave = useEffectEvent(() => props.onSave?.());
  useEffect(() => {
    if (parent.current === null) return;
    const doc = kept.current.text === text ? kept.current.typed : text;
    const language = new Compartment();
    const extensions: Extension[] = [
      keymap.of([
        {
          key: 'Mod-s',
          preventDefault: true,
          run: () => {
            onSave();
            return true;
          },
        },
      ]),
      basicSetup,
      look,
      EditorView.darkTheme.of(isDark),
      isDark ? syntaxHighlighting(oneDarkHighlightStyle) : [],
      EditorState.lineSeparator.of(lineBreak),
      EditorState.readOnly.of(readOnly),
      EditorView.contentAttributes.of({ 'aria-label': `Content of ${name}` }),
      EditorView.updateListener.of(({ docChanged, state }) => {
        if (!docChanged) return;
        kept.current = { text, typed: state.sliceDoc() };
        onChange(kept.current.typed);
      }),
      original === undefined ? [] : unifiedMergeView({ original, mergeControls: false, collapseUnchanged: {} }),
      language.of([]),
    ];
    const view = new EditorView({ state: EditorState.create({ doc, extensions }), parent: parent.current });
    let closed = false;
    // Without the chunk of its language, the text is shown without colours.
    LanguageDescription.matchFilename(languages, name)
      ?.load()
      .then((support) => {
        if (!closed) view.dispatch({ effects: language.reconfigure(support) });
      })
      .catch(() => undefined);
    return () => {
      closed = true;
      view.destroy();
    };
  }, [name, text, lineBreak, readOnly, original, isDark]);
  return <div ref={parent} className={classes.editor} />;
};
