#!/bin/sh
# Docker's own reading of the Compose files: every combination that the documentation names.
set -eu
docker compose -f docker-compose.yml --profile demo config --quiet
docker compose -f docker-compose.yml -f docker-compose.ha.yml --profile demo config --quiet
WEBXTERM_PUBLIC_URL=https://term.example.org docker compose -f docker-compose.yml -f docker-compose.tls.yml config --quiet

# The values of .env reach the containers, as Compose reads them; a list with commas stays one value.
environment=$(mktemp)
trap 'rm -f "$environment"' EXIT
printf '%s\n' 'WEBXTERM_PUBLIC_URL=https://term.example.org' 'WEBXTERM_TRUSTED_PROXIES=10.0.0.0/8,192.0.2.1' \
  'WEBXTERM_EXTRA_ORIGINS=https://a.example,https://b.example' >"$environment"
given=$(env -u WEBXTERM_PUBLIC_URL -u WEBXTERM_TRUSTED_PROXIES -u WEBXTERM_EXTRA_ORIGINS \
  docker compose --env-file "$environment" -f docker-compose.yml config gateway)
for line in 'PUBLIC_URL: https://term.example.org' 'TRUSTED_PROXIES: 10.0.0.0/8,192.0.2.1' \
  'EXTRA_ORIGINS: https://a.example,https://b.example'; do
  printf '%s\n' "$given" | grep -qF "  $line" || { echo "docker-compose.yml does not give this to the gateway: $line" >&2; exit 1; }
done
