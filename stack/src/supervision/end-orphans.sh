# Standard input: process ids, a line of all of them whenever they change. When it ends, who wrote it is gone, however it went: ends those
# of the last line, with SIGTERM, and those that still run after $1 looks, 0.1 s apart, with SIGKILL.
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
