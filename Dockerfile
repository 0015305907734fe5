# The server in a container: `docker build -t zabkeeper .`, then
# `docker run -p 2181:2181 -v zabkeeper-data:/data -v zabkeeper-log:/datalog zabkeeper`.
# It takes the environment variables of Apache ZooKeeper's image; see scripts/docker-entrypoint.sh.

FROM node:22-bookworm-slim AS build
# better-sqlite3 comes prebuilt for this image; these are for architectures for which it does not.
RUN apt-get update && apt-get install -y --no-install-recommends python3 make g++ && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts && npm rebuild better-sqlite3
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:22-bookworm-slim
ENV NODE_ENV=production \
    ZOO_CONF_DIR=/conf \
    ZOO_DATA_DIR=/data \
    ZOO_DATA_LOG_DIR=/datalog
COPY --from=build /build/node_modules /opt/zabkeeper/node_modules
COPY --from=build /build/dist/src /opt/zabkeeper/dist/src
COPY --from=build /build/dist/build-info.json /opt/zabkeeper/dist/
COPY --from=build /build/package.json /build/LICENSE /opt/zabkeeper/
COPY --from=build /build/conf /opt/zabkeeper/conf
COPY --from=build /build/scripts/zkServer.sh /build/scripts/zkCli.sh /build/scripts/docker-entrypoint.sh /opt/zabkeeper/scripts/
RUN ln -s /opt/zabkeeper/dist/src/cli/main.js /usr/local/bin/zabkeeper \
 && ln -s /opt/zabkeeper/scripts/zkServer.sh /opt/zabkeeper/scripts/zkCli.sh /usr/local/bin/ \
 && ln -s /opt/zabkeeper/scripts/docker-entrypoint.sh /docker-entrypoint.sh \
 && chmod +x /opt/zabkeeper/dist/src/cli/main.js \
 && mkdir -p /conf /data /datalog && chown node:node /conf /data /datalog && chmod 700 /data /datalog
# The user `node` of the base image, 1000, as Apache's image has it.
USER 1000:1000
VOLUME ["/data", "/datalog"]
EXPOSE 2181 2888 3888 8080
# It serves, or does not: a follower without a leader is alive and not ready.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD zabkeeper status "$ZOO_CONF_DIR/zoo.cfg"
STOPSIGNAL SIGTERM
ENTRYPOINT ["/docker-entrypoint.sh"]
