import { comments, commentsZh } from '@vouchsafe/proto/comments';
import { errorBook } from '@vouchsafe/rpc';
import type { ServiceModule } from '@vouchsafe/runtime';
import { createMetrics, exposition } from '@vouchsafe/telemetry';
import { GrpcEdge } from './api/grpc/grpc-edge.js';
import { GrpcServer } from './api/grpc/grpc-server.js';
import { HttpEdge } from './api/http/http-edge.js';
import { HttpServer } from './api/http/http-server.js';
import { openApi, type OpenApiParts } from './api/openapi/openapi.js';
import type { Language } from './api/openapi/words.js';
import { errorsHtml } from './api/openapi/error-pages.js';
import { loadAssets } from './api/pages/assets.js';
import type { Site } from './api/pages/site.js';
import { Door } from './application/door.js';
import { gatewayErrors } from './application/errors.js';
import { methodTable } from './application/method-table.js';
import { GatewayMetrics } from './application/metrics.js';
import type { GatewayPorts } from './application/ports.js';
import type { GatewayConfig } from './config.js';

export type Addresses = { readonly http: string; readonly grpc: string };
/** The gateway as composition sees it. Create it before the bus starts (it subscribes), start it after everything it serves. */
export type Gateway = ServiceModule & {
  /** Where it listens, once started; ports that were 0 are told as bound. */
  addresses(): Addresses;
  /** OpenAPI 3.1 of everything it serves, as JSON text. */
  openApi(language?: Language): string;
};

const VERSION = '1';

export const createGateway = (ports: GatewayPorts, config: GatewayConfig): Gateway => new GatewayService(ports, config);

class GatewayService implements Gateway {
  readonly name = 'gateway';
  readonly needs: readonly string[];
  readonly #ports: GatewayPorts;
  readonly #config: GatewayConfig;
  readonly #door: Door;
  readonly #http: HttpServer;
  readonly #grpc: GrpcServer;
  readonly #openApi: (language: Language) => string;
  #addresses: Addresses | undefined;
  #stopping = false;

  constructor(ports: GatewayPorts, config: GatewayConfig) {
    const { services, catalogues, clock, log } = ports;
    this.#ports = ports;
    this.#config = config;
    this.needs = ports.needs ?? [];
    const entries = methodTable(services);
    const book = errorBook([gatewayErrors, ...catalogues]);
    const registry = ports.metrics ?? createMetrics();
    const { ratePerSecond, concurrency, authFailuresPerMinute, defaultDeadlineMs, maxDeadlineMs, admission } = config;
    this.#door = new Door(ports, { admission, defaultDeadlineMs, maxDeadlineMs, credentials: { ratePerSecond, concurrency, failuresPerMinute: authFailuresPerMinute } });
    const metrics = new GatewayMetrics(registry, this.#door.admissions, this.#door.deadlines);
    const shared = { door: this.#door, entries, book, log, clock, metrics };
    const document = (said: Pick<OpenApiParts, 'language' | 'comments'>): string => JSON.stringify(openApi({ entries, book, version: VERSION, ...said }));
    const documents = { en: once(() => document({ language: 'en', comments })), zh: once(() => document({ language: 'zh', comments: commentsZh })) };
    this.#openApi = (language) => documents[language]();
    const site: Site = {
      assets: loadAssets(), openApi: this.#openApi, errorsHtml: once(() => errorsHtml(book)),
      notReady: () => [...(this.#stopping ? ['stopping'] : []), ...(ports.notReady?.() ?? [])],
      metrics: (accept) => exposition(registry, accept),
    };
    this.#http = new HttpServer(new HttpEdge({ ...shared, limits: config }), site, config, log);
    this.#grpc = new GrpcServer(new GrpcEdge(shared), config);
  }

  async start(): Promise<void> {
    this.#door.deadlines.start(this.#ports.timers);
    const { address, port } = await this.#http.start();
    const grpcPort = await this.#grpc.start();
    const { http, grpc } = this.#config;
    const host = address.includes(':') ? `[${address}]` : address;
    this.#addresses = { http: `${http.tls ? 'https' : 'http'}://${host}:${port}`, grpc: `${grpc.host}:${grpcPort}` };
    this.#ports.log.info(this.#addresses, 'the gateway listens');
  }

  addresses(): Addresses {
    if (!this.#addresses) throw new Error('the gateway has not started');
    return this.#addresses;
  }
  openApi(language: Language = 'en'): string {
    return this.#openApi(language);
  }

  /** New calls are refused, open ones may end within `drainMs`. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([this.#http.stop(this.#config.drainMs), this.#grpc.stop(this.#config.drainMs)]);
    await this.#door.deadlines.stop();
  }
}

const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
};
