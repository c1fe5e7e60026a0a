# syntax=docker/dockerfile:1
# Every image of the project: `docker compose build`, or one by hand:
#   docker build --build-arg WORKSPACE=services/auth --target service .
# Targets: service (auth, agent-hub, terminal), gateway (with the web UI), setup (the one-shot programs of Compose), agent.

FROM node:24-bookworm-slim AS manifests
WORKDIR /app
# npm wants every workspace that the lock file names. Sources come later: they change more often than dependencies.
COPY package.json package-lock.json ./
COPY libs/contracts/package.json libs/contracts/
COPY libs/rest-client/package.json libs/rest-client/
COPY libs/shared/package.json libs/shared/
COPY libs/stream/package.json libs/stream/
COPY libs/terminal-client/package.json libs/terminal-client/
COPY services/agent-hub/package.json services/agent-hub/
COPY services/auth/package.json services/auth/
COPY services/gateway/package.json services/gateway/
COPY services/terminal/package.json services/terminal/
COPY clients/agent/package.json clients/agent/
COPY clients/cli/package.json clients/cli/
COPY clients/web/package.json clients/web/
COPY stack/package.json stack/
COPY e2e/package.json e2e/
COPY bench/package.json bench/

# Files that one workspace needs to run, and no others. The caches are shared by all builds and stay out of the images.
FROM manifests AS dependencies
ARG WORKSPACE
RUN test -n "$WORKSPACE" || { echo 'WORKSPACE is missing: --build-arg WORKSPACE=services/auth' >&2; exit 1; }
# Of a workspace that is a development dependency npm would install what that one needs to run (seen with npm 11).
RUN npm pkg delete devDependencies --workspace "$WORKSPACE"
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --workspace "$WORKSPACE" --no-audit --no-fund --loglevel=error
# valibot names the compiler as a peer that may be missing; the project has one for its checks, so npm takes it for wanted.
RUN rm -rf node_modules/typescript node_modules/@typescript node_modules/.bin/tsc
# The viewer of the API's description needs the bundle and its style sheet.
RUN cd node_modules && rm -f swagger-ui-dist/*.map swagger-ui-dist/swagger-ui-es-bundle* swagger-ui-dist/swagger-ui-standalone-preset* swagger-ui-dist/swagger-ui.js
# Nothing reads the types and the source maps of packages at run time.
RUN find node_modules -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' \) -delete
COPY scripts/sbom.ts /tmp/
RUN node /tmp/sbom.ts . "$WORKSPACE" > sbom.cdx.json

FROM manifests AS web
RUN --mount=type=cache,target=/root/.npm \
    npm ci --workspace clients/web --no-audit --no-fund --loglevel=error
COPY tsconfig.json ./
COPY libs libs
COPY clients/web clients/web
RUN npm run build --workspace clients/web

# The agent's packages for other machines, of both platforms: archives by their hash for the gateway, records for the set-up,
# which signs them (docs/adr/0029). They depend on no build argument, so that all images have the same ones.
FROM manifests AS agent-packages
RUN --mount=type=cache,target=/root/.npm \
    npm ci --workspace stack --workspace clients/agent --ignore-scripts --no-audit --no-fund --loglevel=error
COPY LICENSE ./
COPY scripts/sbom.ts scripts/
COPY libs libs
COPY clients/agent clients/agent
COPY stack stack
RUN --mount=type=cache,target=/root/.npm \
    node --disable-sigusr1 stack/src/agent-package/main.ts --out /packages
RUN cd /packages && for archive in *.tar.gz; do \
      folder=/archives/$(sha256sum "$archive" | cut -d ' ' -f 1) && mkdir -p "$folder" && mv "$archive" "$folder/" || exit 1; \
    done

# Node runs the sources (docs/adr/0004): there is nothing to compile.
FROM node:24-bookworm-slim AS runtime
ARG WORKSPACE
ENV NODE_ENV=production
COPY --from=dependencies /app /app
COPY libs /app/libs
COPY ${WORKSPACE} /app/${WORKSPACE}
WORKDIR /app/${WORKSPACE}
# The commit, if the build sets it. The version of the gateway's proof: scripts/upgrade-compose.sh reads it (ADR 19).
ARG REVISION=""
LABEL org.opencontainers.image.title="webxterm ${WORKSPACE}" \
      org.opencontainers.image.description="WebXTerm, a self-hosted web terminal to a fleet of machines" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      webxterm.gateway-proof="2"
ENV COMMIT=${REVISION}
USER node

FROM runtime AS answering
ENV HTTP_HOST=0.0.0.0 HTTP_PORT=8080 HEALTH_HOST=0.0.0.0 HEALTH_PORT=9090
# A restart is half as long with it, and no more than reading it is allowed (docs/adr/0017).
ENV NODE_COMPILE_CACHE=/app/compiled
# 200 once every part was there, and so until shutdown: a lost server makes a service degraded, not unhealthy.
# The start may take long on a busy machine, and is over with the first good answer. By bash: Node took 0.16 s for each look.
HEALTHCHECK --start-period=300s --start-interval=1s --interval=15s --timeout=10s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$HEALTH_PORT && printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]

FROM answering AS service
USER root
RUN --mount=type=bind,source=scripts/compile-cache.ts,target=/tmp/compile-cache.ts \
    NODE_DISABLE_COMPILE_CACHE=1 node /tmp/compile-cache.ts --disable-sigusr1 --max-semi-space-size=1 --expose-gc src/main.ts
USER node
# Why: docs/adr/0015 and 0048.
CMD ["node", "--disable-sigusr1", "--max-semi-space-size=1", "--expose-gc", "src/main.ts"]

FROM answering AS gateway
COPY --from=web /app/clients/web/dist /app/web
COPY --from=agent-packages /archives /app/agent-archives
ENV WEB_DIR=/app/web AGENT_ARCHIVES_DIR=/app/agent-archives
USER root
RUN --mount=type=bind,source=scripts/compile-cache.ts,target=/tmp/compile-cache.ts \
    NODE_DISABLE_COMPILE_CACHE=1 node /tmp/compile-cache.ts --disable-sigusr1 --expose-gc src/main.ts
USER node
# Why: docs/adr/0016 and 0048.
CMD ["node", "--disable-sigusr1", "--expose-gc", "src/main.ts"]

FROM runtime AS setup
COPY --from=agent-packages /packages /app/agent-packages
ENV AGENT_PACKAGES=/app/agent-packages
ENTRYPOINT ["node", "--disable-sigusr1", "src/compose/main.ts"]

# The package for the platform of the image, in the folders of an installation. The marker says that a new version comes with a new image.
FROM agent-packages AS unpacked-agent
ARG TARGETARCH
RUN case $TARGETARCH in amd64) platform=linux-x64 ;; *) platform=linux-$TARGETARCH ;; esac \
    && mkdir -p /agent/versions/new && tar -xzf /archives/*/vsay-agent-*-$platform.tar.gz -C /agent/versions/new \
    && version=$(node -p "require('/agent/versions/new/package.json').version") \
    && touch /agent/versions/new/container-image \
    && mv /agent/versions/new "/agent/versions/$version" && ln -s "versions/$version" /agent/current

FROM debian:bookworm-slim AS agent
# The first process of a container takes in what shells leave behind, and Node does not.
# The user is that of earlier images, which had a Node for everybody: volumes of home folders stay in use.
RUN apt-get update && apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 1000 --create-home --shell /bin/bash node \
    && ln -s /opt/vsay-agent/current/bin/vsay-agent /usr/local/bin/vsay-agent
COPY --from=unpacked-agent /agent /opt/vsay-agent
ARG REVISION=""
LABEL org.opencontainers.image.title="webxterm agent" \
      org.opencontainers.image.description="WebXTerm, a self-hosted web terminal to a fleet of machines" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
USER node
WORKDIR /home/node
# -s: also where something else is the first process (`init: true`).
ENTRYPOINT ["tini", "-s", "--"]
# Where `vsay-agent configure` writes, beside the key of the machine: mount a volume that the user node may write.
ENV VSAY_CONFIG=/config/agent.yaml
HEALTHCHECK --start-period=300s --start-interval=2s --interval=30s --timeout=10s --retries=3 \
    CMD ["sh", "-c", "exec vsay-agent status --config \"$VSAY_CONFIG\""]
CMD ["sh", "-c", "exec vsay-agent start --config \"$VSAY_CONFIG\""]
