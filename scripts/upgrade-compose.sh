#!/bin/sh
# Upgrades a running installation of docker-compose.yml to this checkout, one service after the other, so that terminals stay open
# (docs/operations.md, Upgrade). Services that did not change are left alone.
#   scripts/upgrade-compose.sh [--no-build] [options of docker compose, such as -f FILE, -p NAME, --profile demo]
# Never with --no-deps: Compose before 2.34 takes a service without its dependencies for another configuration, and the next plain
# `up` would recreate it.
set -eu

usage() { sed -n '2,4s/^# \{0,1\}//p' "$0"; }
build=yes
case ${1:-} in
  -h | --help) usage; exit 0 ;;
  --no-build) build=no; shift ;;
esac

say() { printf '%s\n' "$*"; }
die() { printf 'upgrade: %s\n' "$*" >&2; exit 1; }

# A program that ends: it must end well before a service is touched.
finish() {
  name=$1; shift
  docker compose "$@" up --detach --no-build "$name" >/dev/null 2>&1 || die "$name did not start: docker compose up $name"
  id=$(docker compose "$@" ps --all --quiet "$name")
  code=$(docker wait "$id")
  docker logs "$id" 2>&1 | tail -n 1
  [ "$code" = 0 ] || die "$name ended with $code; nothing was upgraded yet"
}

# Changes the database of a service, by the new image, while every instance is of the old one. A container of its own: --no-deps does not
# touch those that run.
migrate() {
  name=$1; shift
  [ -n "$(docker compose "$@" ps --quiet "$name")" ] || return 0
  said=$(docker compose "$@" run --rm --no-deps --no-TTY "$name" node --disable-sigusr1 src/migrate.ts 2>&1) ||
    die "the database of $name could not be changed; nothing was upgraded yet: $(printf '%s\n' "$said" | tail -n 3)"
  say "$name: the database is ready"
}

changed() {
  name=$1; shift
  docker compose --dry-run "$@" up --detach --no-build "$name" 2>&1 | grep -Eq -- "-$name-[0-9]+ +Recreate"
}

# One instance at a time where there are several; a single one is replaced, and its viewers or agents come back by themselves.
roll() {
  name=$1; shift
  old=$(docker compose "$@" ps --quiet "$name")
  [ -n "$old" ] || return 0
  if ! changed "$name" "$@"; then say "$name: unchanged"; return 0; fi
  count=$(printf '%s\n' "$old" | wc -l | tr -d ' ')
  if [ "$count" = 1 ]; then
    docker compose "$@" up --detach --no-build --wait "$name" >/dev/null 2>&1 || die "$name is not healthy: docker compose logs $name"
  else
    for id in $old; do
      docker stop "$id" >/dev/null
      docker rm "$id" >/dev/null
      docker compose "$@" up --detach --no-build --no-recreate --wait --scale "$name=$count" "$name" >/dev/null 2>&1 ||
        die "the new $name is not healthy, the others still run the old version: docker compose logs $name"
    done
  fi
  say "$name: upgraded ($count)"
}

# Services refuse requests with the gateway's proof of another version (ADR 19), whichever is new first.
proofs_differ() {
  running=$(docker compose "$@" ps --quiet gateway | head -n 1)
  [ -n "$running" ] || return 1
  image=$(docker compose "$@" config --images gateway | grep -m 1 gateway)
  label='{{index .Config.Labels "webxterm.gateway-proof"}}'
  [ "$(docker inspect --format "$label" "$running")" != "$(docker image inspect --format "$label" "$image")" ]
}

if [ "$build" = yes ]; then docker compose "$@" build; fi
finish secrets "$@"
finish init "$@"
for service in auth agent-hub terminal; do migrate "$service" "$@"; done
if proofs_differ "$@"; then
  say "gateway and services of the version before and of this one do not understand each other: all are replaced at once"
  docker compose "$@" up --detach --no-build --wait >/dev/null 2>&1 || die "not everything is healthy: docker compose ps"
  exit 0
fi
# auth first: an older auth does not know the audit actions of newer services. The gateway last: it serves the new web UI.
for service in auth agent-hub terminal gateway demo; do roll "$service" "$@"; done
