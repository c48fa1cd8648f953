import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { PROBLEM_TYPE } from '@vouchsafe/rpc';
import type { Log } from '@vouchsafe/runtime';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { GatewayConfig } from '../../config.js';
import { GatewayModule } from '../../gateway.module.js';
import type { Site } from '../pages/site.js';
import { problemText } from './http-call.js';
import type { HttpEdge } from './http-edge.js';
import { ProblemFilter } from './problem.filter.js';

/** Longest silence on a connection: uploads and streams may last, but not without a sign of life. */
const IDLE_MS = 120_000;
const HEADERS_MS = 30_000;

/** The HTTP listener: Nest for pages and probes, the edge for everything under the contract's paths. */
export class HttpServer {
  #app: NestFastifyApplication | undefined;

  constructor(readonly edge: HttpEdge, readonly site: Site, readonly config: GatewayConfig, readonly log: Log) {}

  async start(): Promise<AddressInfo> {
    const { http, trustedProxies } = this.config;
    const instance = this.#fastify(trustedProxies);
    const filter = new ProblemFilter(this.edge.parts);
    this.#routes(instance, filter);
    const app = await NestFactory.create<NestFastifyApplication>(GatewayModule.of(this.site), new FastifyAdapter(instance), {
      bodyParser: false, logger: nestLog(this.log), abortOnError: false,
    });
    this.#app = app;
    app.useGlobalFilters(filter);
    await app.init();
    await app.listen({ host: http.host, port: http.port });
    return instance.server.address() as AddressInfo;
  }

  #fastify(trustedProxies: readonly string[]): FastifyInstance {
    const { tls } = this.config.http;
    const options = {
      logger: false, trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false, requestTimeout: 0, connectionTimeout: IDLE_MS,
      // A URL fastify's own router cannot read never reaches a handler of ours.
      frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) => new ProblemFilter(this.edge.parts).answer(error, request, reply),
      clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) => socket.writable && socket.end(this.#unreadable(error)),
      http: { headersTimeout: HEADERS_MS },
    };
    return (tls ? fastify({ ...options, https: { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) } }) : fastify(options)) as FastifyInstance;
  }

  /** What is no HTTP at all has no request to answer to: the same shape, written to the socket. */
  #unreadable({ code }: NodeJS.ErrnoException): string {
    const { book, door } = this.edge.parts;
    const [status, words] = code === 'HPE_HEADER_OVERFLOW' ? [431, 'Request Header Fields Too Large'] as const : code === 'ERR_HTTP_REQUEST_TIMEOUT' ? [408, 'Request Timeout'] as const : [400, 'Bad Request'] as const;
    const facts = { requestId: door.nextRequestId(), locale: 'zh', traceparent: undefined } as const;
    const body = problemText({ kind: 'invalid', code: 'REQUEST_MALFORMED', details: {}, fields: [] }, facts, book, status);
    return `HTTP/1.1 ${status} ${words}\r\ncontent-type: ${PROBLEM_TYPE}\r\nx-request-id: ${facts.requestId}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`;
  }

  /** The edge reads bodies itself: raw, bounded, streamed. */
  #routes(instance: FastifyInstance, filter: ProblemFilter): void {
    void instance.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
      scope.setErrorHandler((error, request, reply) => filter.answer(error, request, reply));
      const handler = (request: FastifyRequest, reply: FastifyReply): void => void this.edge.handle(request, reply);
      for (const url of ['/v1', '/v1:*', '/v1/*', '/sandbox/*', ...this.#plainPaths()]) scope.all(url, handler);
    });
  }
  /** Methods without an annotation are reached under their gRPC path. */
  #plainPaths(): readonly string[] {
    return [...new Set(this.edge.parts.entries.map(({ method }) => `/${method.parent.typeName}/*`))];
  }

  /** Takes no new connection, lets open requests end, cuts what is left after `drainMs`. */
  async stop(drainMs: number): Promise<void> {
    const app = this.#app;
    if (!app) return;
    const server = app.getHttpServer();
    const cut = setTimeout(() => server.closeAllConnections(), drainMs);
    try {
      server.closeIdleConnections();
      await app.close();
    } finally {
      clearTimeout(cut);
    }
  }
}

/** Nest's own words, which matter when something is wrong. */
const nestLog = (log: Log): LoggerService => {
  const say = (level: 'debug' | 'warn' | 'error') => (message: unknown, ...more: unknown[]): void => log[level]({ nest: more.map(String) }, String(message));
  return { log: say('debug'), debug: say('debug'), verbose: say('debug'), warn: say('warn'), error: say('error'), fatal: say('error') };
};
