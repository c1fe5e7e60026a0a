/**
 * A snippet for each shell. It marks the prompt (OSC 133;A), its end (B), the begin of the output (C) and the exit code (D;n), and leaves
 * `$?` as it is.
 */
const snippets = {
  // The exit code is read in PS1, since another hook may have changed it before this one runs. Others may set PS1 anew at each prompt.
  bash: `# WebXTerm: marks of commands for the terminal page
if [[ $- == *i* && -z \${__webxterm_marks-} ]]; then
  __webxterm_marks=1
  PS0='\\e]133;C\\a'\${PS0-}
  __webxterm_mark_prompt() {
    [[ \${PS1-} == *'133;A'* ]] || PS1='\\[\\e]133;D;$?\\a\\e]133;A\\a\\]'\${PS1-}'\\[\\e]133;B\\a\\]'
  }
  if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
    PROMPT_COMMAND+=(__webxterm_mark_prompt)
  else
    PROMPT_COMMAND=\${PROMPT_COMMAND:+$PROMPT_COMMAND$'\\n'}__webxterm_mark_prompt
  fi
fi
`,
  zsh: `# WebXTerm: marks of commands for the terminal page
if [[ -o interactive && -z \${__webxterm_marks-} ]]; then
  typeset -g __webxterm_marks=1
  __webxterm_mark_prompt() {
    printf '\\e]133;D;%s\\a\\e]133;A\\a' $?
    [[ $PS1 == *'133;B'* ]] || PS1+=$'%{\\e]133;B\\a%}'
  }
  __webxterm_mark_output() { printf '\\e]133;C\\a' }
  autoload -Uz add-zsh-hook
  add-zsh-hook precmd __webxterm_mark_prompt
  add-zsh-hook preexec __webxterm_mark_output
fi
`,
  // From version 4 on, fish marks its commands itself.
  fish: `# WebXTerm: marks of commands for the terminal page
if status is-interactive; and not set -q __webxterm_marks; and test (string split . -- $version)[1] -lt 4
  set -g __webxterm_marks 1
  function __webxterm_mark_prompt --on-event fish_prompt
    printf '\\e]133;A\\a'
  end
  function __webxterm_mark_output --on-event fish_preexec
    printf '\\e]133;C\\a'
  end
  function __webxterm_mark_end --on-event fish_postexec
    printf '\\e]133;D;%s\\a' $status
  end
end
`,
} as const;

type IntegratedShell = keyof typeof snippets;

export const isIntegrated = (shell: string): shell is IntegratedShell => Object.hasOwn(snippets, shell);

/** The lines for the rc file of the shell. */
export const shellIntegration = (shell: IntegratedShell): string => snippets[shell];
