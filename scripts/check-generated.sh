#!/bin/sh
# The gRPC code in libs/contracts is made from the protos and committed: both must be in step, and the protos clean.
set -eu
cd "$(dirname "$0")/../libs/contracts"
buf lint
buf generate
changed=$(git status --porcelain -- src/grpc/generated)
if [ -n "$changed" ]; then
  printf 'The generated gRPC code was not in step with the protos. It is now: commit these files.\n%s\n' "$changed" >&2
  exit 1
fi
echo 'the generated gRPC code is in step with the protos'
