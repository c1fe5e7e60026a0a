#!/bin/sh
# Ends with 0 where Docker's reading of docker-compose.yml can be had; else says in one line why not, and ends with 1.
set -u
command -v docker >/dev/null || { echo 'there is no docker command'; exit 1; }
version=$(docker compose version --short 2>/dev/null) || { echo 'Docker has no Compose plugin'; exit 1; }
oldest=2.24
printf '%s\n%s\n' "$oldest" "${version#v}" | sort -VC || { echo "Docker Compose is $version, and $oldest or newer is needed"; exit 1; }
