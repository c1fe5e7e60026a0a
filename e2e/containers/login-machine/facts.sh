# Read by the bash of a session, with or without a terminal: writes what the session was given, a fact a line, to the file $FACTS.
# FACTS_OF is the process of another shell that has started this bash.
of=${FACTS_OF:-$$}
terminal=$(tty)
# Without O_LARGEFILE, which the kernel notes for each open(2) and which means nothing on 64 bits.
# Before the group below puts its file in the place of two of them.
descriptors=$(
  for fd in 0 1 2; do
    file=$(readlink /proc/$of/fd/$fd | sed 's/[0-9]*$//')
    [ -p /proc/$of/fd/$fd ] && file=pipe
    printf 'descriptor %s=%s %s\n' $fd "$file" \
      "$(printf %o $(($(sed -n 's/^flags:[[:space:]]*/0/p' /proc/$of/fdinfo/$fd) & ~0100000)))"
  done
  printf 'descriptors=%s\n' "$(ls /proc/$of/fd | tr '\n' ' ')"
)
of_the_terminal() {
  printf 'terminal=%s\n' "$(stat -c '%U %G %a' "$terminal")"
  printf 'words to the terminal by name=%s\n' "$(echo x 2>&1 >"$terminal" && echo fine)"
  # Debian 13 has no utmp: who asks logind, and puts the service before the terminal for a session of sshd.
  printf 'in who=%s\n' "$(who | awk -v tty="$terminal" '"/dev/" $2 == tty || "/dev/" $3 == tty { print $1 }')"
  printf 'in w=%s\n' "$(w -h | awk -v tty="$terminal" '"/dev/" $2 == tty { print $1 }')"
  printf 'interrupted by=%s\n' "$(stty -a | grep -o 'intr = [^;]*')"
}
# Before anything else is read from it.
if [ "$terminal" = 'not a tty' ]; then
  waiting=$(timeout 5 wc -c)
fi
{
  printf 'argv[0]=%s\n' "$(tr '\0' '\n' </proc/$of/cmdline | sed -n '1p')"
  printf 'arguments=%s\n' "$(tr '\0' '\n' </proc/$of/cmdline | sed -n '2p')"
  printf 'folder=%s\n' "$PWD"
  printf 'login shell=%s\n' "$(shopt -q login_shell && echo yes)"
  printf 'leads its session=%s\n' "$([ "$(ps -o sid= -p $of | tr -d ' ')" = $of ] && echo yes)"
  printf 'leads its process group=%s\n' "$([ "$(ps -o pgid= -p $of | tr -d ' ')" = $of ] && echo yes)"
  if [ "$terminal" = 'not a tty' ]; then
    printf 'terminal=%s\n' "$(ps -o tty= -p $of)"
    printf 'bytes on stdin=%s\n' "$waiting"
  else
    of_the_terminal
  fi
  while read -r key value; do
    case $key in
      # The process itself, its memory, its past and, of fish, the threads that it has just now.
      Name: | Threads: | State: | Tgid: | Ngid: | Pid: | PPid: | TracerPid: | FDSize: | NS* | Vm* | Rss* | HugetlbPages: | SigQ: | *_ctxt_switches:) ;;
      *) printf 'status %s=%s\n' "$key" "$value" ;;
    esac
  done </proc/$of/status
  printf '%s\n' "$descriptors"
  ulimit -S -a | sed 's/^/soft limit /; s/ *(.*) \+/=/'
  ulimit -H -a | sed 's/^/hard limit /; s/ *(.*) \+/=/'
  printf 'priority=%s\n' "$(ps -o ni=,cls= -p $of | tr -s ' ')"
  printf 'out-of-memory score=%s\n' "$(cat /proc/$of/oom_score_adj)"
  printf 'id=%s\n' "$(id)"
  printf 'logname=%s\n' "$(logname 2>&1)"
  printf 'audit uid=%s\n' "$(cat /proc/self/loginuid)"
  printf 'control group=%s\n' "$(sed -n 's/^0:://p' /proc/self/cgroup | sed 's/session-c\?[0-9]*/session-N/')"
  printf 'user manager=%s\n' "$(systemctl --user is-system-running >/dev/null 2>&1; [ $? -lt 4 ] && echo answers)"
  printf 'locale=%s\n' "$(locale | tr '\n' ' ')"
  env | grep -vE '^(_|SSH_[A-Z]*|MOTD_SHOWN|MAIL|TERM|COLORTERM|FACTS|FACTS_OF|LS_COLORS|XDG_SESSION_ID)=' | sed 's/^/variable /'
} >"$FACTS" 2>&1
