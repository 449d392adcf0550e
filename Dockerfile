# One image for every process of a region; docker-compose.yml says which program each container runs.
# The operator console, built by what does not run in a region.
FROM node:26-bookworm-slim AS console
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY actors actors
COPY edge edge
RUN node edge/console/buildMain.ts

FROM node:26-bookworm-slim
ENV NODE_ENV=production
# Shards' columns come from the system and go back to it: see memoryVariables in deploy/supervisor/plan.ts.
ENV MALLOC_MMAP_THRESHOLD_=1048576
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts
COPY actors actors
COPY edge edge
COPY deploy deploy
COPY --from=console /app/edge/console/app/dist edge/console/app/dist
# Volumes that are mounted here for the first time take over the owner.
RUN for folder in keys run archive projector sandbox a b w; do mkdir -p -m 700 /data/$folder; done && chown -R node:node /data
USER node
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", \
  "--external-memory-accounted-in-global-limit", "--external-memory-max-growing-factor=2"]
