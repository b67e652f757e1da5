# The service and nothing else, for any Postgres; docker-compose.yml runs it with one, behind Caddy.

FROM node:24.21.0-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --workspaces=false
COPY tsconfig.json ./
COPY scripts scripts
COPY packages/seqn-auth-js/src packages/seqn-auth-js/src
COPY migrations migrations
COPY src src
# Readable for the image's user, too, when they come from a checkout that was private.
RUN npm run build && chmod -R a+rX dist migrations package.json

FROM node:24.21.0-trixie-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Optional are the embedded Postgres and another Node: here one is beside us, the other below.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --workspaces=false

FROM node:24.21.0-trixie-slim
LABEL org.opencontainers.image.title="Silver Auth" \
  org.opencontainers.image.description="Sign-in, organizations and API keys for small SaaS teams: one process, one Postgres." \
  org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4080
# As `npm start`: memory of hashes and of the start is given back.
ENV GLIBC_TUNABLES=glibc.malloc.mmap_threshold=4194304:glibc.malloc.hugetlb=1 NODE_OPTIONS=--max-semi-space-size=8
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/package.json ./
COPY --from=build /app/migrations migrations
COPY --from=build /app/dist dist
USER 10001:10001
EXPOSE 4080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "--eval", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1))"]
CMD ["node", "dist/main.js"]
