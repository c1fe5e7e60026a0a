#!/bin/sh
# Ends with 0 where docker-compose.yml can be built and run; else it says in one line what is missing, and ends with 1.
set -u
no() {
  echo "$1"
  exit 1
}
# at_least 2.24 2.26.1-4: whether the second version is not older than the first.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

command -v docker >/dev/null || no 'there is no docker command'
engine=$(timeout 30 docker version --format '{{.Server.Version}}' 2>/dev/null) || no 'no Docker engine answers'
at_least 25 "$engine" || no "the Docker engine is $engine, and 25 or newer is needed"
compose=$(docker compose version --short 2>/dev/null) || no 'Docker has no Compose plugin'
at_least 2.24 "${compose#v}" || no "Docker Compose is $compose, and 2.24 or newer is needed"
docker buildx version >/dev/null 2>&1 || no 'Docker has no Buildx plugin'
for image in docker/dockerfile:1 node:24-bookworm-slim mongo:8 nats:2-alpine; do
  docker image inspect "$image" >/dev/null 2>&1 && continue
  timeout 300 docker pull --quiet "$image" >/dev/null 2>&1 || no "the image $image is not there and cannot be pulled"
done
# The images are built from packages.
timeout 120 docker run --rm node:24-bookworm-slim sh -c 'apt-get update -qq && apt-cache show tini' >/dev/null 2>&1 ||
  no 'no Debian mirror answers in a container'
timeout 60 docker run --rm node:24-bookworm-slim npm view npm version >/dev/null 2>&1 ||
  no 'no npm registry answers in a container'
