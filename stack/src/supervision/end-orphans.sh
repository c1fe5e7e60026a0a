# Standard input: lines of process ids. Each line replaces the one before. The input ends when the writing process has ended, for any
# reason. Then this script ends the processes of the last line with SIGTERM, and with SIGKILL those that still run after $1 checks at
# intervals of 0.1 s.
pids=
while read -r line; do pids=$line; done
for pid in $pids; do kill -TERM "$pid"; done 2>/dev/null
looks=$1
while [ -n "$pids" ] && [ "$looks" -gt 0 ]; do
  sleep 0.1
  looks=$((looks - 1))
  left=
  for pid in $pids; do kill -0 "$pid" && left="$left $pid"; done 2>/dev/null
  pids=$left
done
for pid in $pids; do kill -KILL "$pid"; done 2>/dev/null
