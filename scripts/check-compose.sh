#!/bin/sh
# Docker's own reading of the Compose files: every combination that the documentation names.
set -eu
docker compose -f docker-compose.yml --profile demo config --quiet
docker compose -f docker-compose.yml -f docker-compose.ha.yml --profile demo config --quiet
WEBXTERM_PUBLIC_URL=https://term.example.org docker compose -f docker-compose.yml -f docker-compose.tls.yml config --quiet
