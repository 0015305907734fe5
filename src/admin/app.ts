/**
 * The routes of the admin server and of the Prometheus provider. Loaded with the first connection (`lazyHttp.ts`).
 *
 * Who may do what: everybody who reaches the port may read, as in ZooKeeper; what changes something asks for the token.
 * So the port is open to this machine alone unless the operator says otherwise.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type Server as HttpServer } from 'node:http';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { AdminConfig } from '../config/index.js';
import type { Status } from '../server/index.js';
import { CommandError } from './bodies.js';
import { adminCommand, adminCommands, type AdminCommand, type Query } from './commands.js';
import { Exposition } from './exposition.js';
import { printJson, type JsonObject } from './json.js';
import { readiness } from './probes.js';

/** Nothing that is sent here is large. */
const BODY_BYTES_MAX = 64 * 1024;
const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests';

interface App {
  readonly app: FastifyInstance;
  readonly server: HttpServer;
}

/** Commands, probes and metrics. */
export async function adminHttp(config: AdminConfig, status: Status, log: Logger): Promise<HttpServer> {
  const { app, server } = open(config.idleTimeoutMs, log);
  const exposition = new Exposition(status, false);
  const { commandUrl } = config;
  app.get(commandUrl, (_request, reply) => reply.type('text/html').send(listOf(commandUrl)));
  app.get(`${commandUrl}/`, (_request, reply) => reply.type('text/html').send(listOf(commandUrl)));
  app.get<{ Params: { '*': string }; Querystring: Query }>(`${commandUrl}/*`, (request, reply) =>
    answer(request.params['*'], request.query, request, reply, config, status, log),
  );
  app.get('/healthz', (_request, reply) => reply.send('ok\n'));
  app.get('/livez', (_request, reply) => reply.send('ok\n'));
  app.get('/readyz', (_request, reply) => {
    const { ready, text } = readiness(status);
    return reply.code(ready ? 200 : 503).send(`${text}\n`);
  });
  metricsRoute(app, exposition);
  await app.ready();
  return server;
}

/** Metrics alone. */
export async function metricsHttp(withProcess: boolean, status: Status, log: Logger): Promise<HttpServer> {
  const { app, server } = open(IDLE_MS, log);
  metricsRoute(app, new Exposition(status, withProcess));
  await app.ready();
  return server;
}

/** A scraper comes back every few seconds, or uses another connection. */
const IDLE_MS = 30_000;

function open(idleTimeoutMs: number, log: Logger): App {
  let server: HttpServer | undefined;
  const app = fastify({
    bodyLimit: BODY_BYTES_MAX,
    serverFactory: (handler) => {
      server = createServer({ keepAliveTimeout: idleTimeoutMs }, (request, response) =>
        handler(request, response),
      );
      server.timeout = idleTimeoutMs;
      return server;
    },
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send('There is nothing here.\n'));
  app.setErrorHandler((error, request, reply) => {
    log.error({ err: error, url: request.url }, `The admin server failed to answer ${request.url}.`);
    return reply.code(500).send('This failed; the log of the server says why.\n');
  });
  if (server === undefined) throw new Error('unreachable: fastify makes its server at once');
  return { app, server };
}

function metricsRoute(app: FastifyInstance, exposition: Exposition): void {
  app.get('/metrics', async (_request, reply) =>
    reply.type(exposition.contentType).send(await exposition.text()),
  );
}

function listOf(commandUrl: string): string {
  return adminCommands.map(({ name }) => `<a href="${commandUrl}/${name}">${name}</a>\n<br/>\n`).join('');
}

async function answer(
  name: string,
  query: Query,
  request: FastifyRequest,
  reply: FastifyReply,
  config: AdminConfig,
  status: Status,
  log: Logger,
): Promise<FastifyReply> {
  const command = adminCommand(name);
  if (command === undefined) return say(reply, { command: name, error: `Unknown command: ${name}` });
  if (command.changes) {
    const refusal = refusalOf(request, config);
    if (refusal !== undefined) {
      log.warn(
        { address: request.ip, command: command.name },
        `Refused ${command.name} to ${request.ip}: ${refusal}.`,
      );
      void reply.code(config.token === undefined ? 403 : 401);
      if (config.token !== undefined) void reply.header('WWW-Authenticate', 'Bearer');
      return say(reply, { command: command.name, error: refusal });
    }
    log.info({ address: request.ip, command: command.name }, `${request.ip} asked for ${command.name}.`);
  }
  return say(reply, await carryOut(command, status, query));
}

async function carryOut(command: AdminCommand, status: Status, query: Query): Promise<JsonObject> {
  if (!status.serving && !command.always) return { command: command.name, error: NOT_SERVING };
  try {
    return { ...(await command.answer(status, query)), command: command.name, error: null };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { command: command.name, error: error.message };
  }
}

function say(reply: FastifyReply, body: JsonObject): FastifyReply {
  return reply.type('application/json').send(`${printJson(body)}\n`);
}

/** Why the request may not change anything; undefined if it may. */
function refusalOf({ headers }: FastifyRequest, { token }: AdminConfig): string | undefined {
  if (token === undefined) return 'Commands that change something need zabkeeper.adminTokenFile';
  const given = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (given === undefined) return 'Auth info is missing for the command';
  // Of equal length, so that the time to compare them says nothing about the token.
  const same = timingSafeEqual(hashOf(given), hashOf(token));
  return same ? undefined : 'Not authenticated';
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
