import { readFileSync } from 'node:fs';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { GatewayConfig } from '../../config.js';
import type { GrpcEdge } from './grpc-edge.js';
import { addReflection } from './reflection.js';

/** The gRPC listener: the contract, health, and reflection where it is on. */
export class GrpcServer {
  readonly #server: Server;
  readonly #health = new HealthImplementation({ '': 'SERVING' });

  constructor(readonly edge: GrpcEdge, readonly config: GatewayConfig) {
    this.#server = new Server({
      'grpc.max_receive_message_length': config.bodyMaxBytes,
      'grpc.max_concurrent_streams': 10_000,
      // Nobody serves its figures, and every call pays for them; ours are at /metrics.
      'grpc.enable_channelz': 0,
      'grpc.keepalive_time_ms': 60_000,
      'grpc.keepalive_timeout_ms': 20_000,
      // A misbehaving peer's session is bounded; large answers are streamed.
      'grpc-node.max_session_memory': 256,
    });
  }

  async start(): Promise<number> {
    const { grpc, reflection } = this.config;
    this.edge.addTo(this.#server);
    this.#health.addToServer(this.#server);
    const services = [...new Set(this.edge.entries.map(({ method }) => method.parent))];
    if (reflection) addReflection(this.#server, services);
    const credentials = grpc.tls
      ? ServerCredentials.createSsl(null, [{ cert_chain: readFileSync(grpc.tls.certFile), private_key: readFileSync(grpc.tls.keyFile) }])
      : ServerCredentials.createInsecure();
    const host = grpc.host.includes(':') ? `[${grpc.host}]` : grpc.host;
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(`${host}:${grpc.port}`, credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
    });
    for (const { typeName } of services) this.#health.setStatus(typeName, 'SERVING');
    return port;
  }

  /** Tells watchers of health, lets open calls end, cuts what is left after `drainMs`. */
  async stop(drainMs: number): Promise<void> {
    this.#health.setStatus('', 'NOT_SERVING');
    await new Promise<void>((resolve) => {
      const cut = setTimeout(() => {
        this.#server.forceShutdown();
        resolve();
      }, drainMs);
      this.#server.tryShutdown(() => {
        clearTimeout(cut);
        resolve();
      });
    });
  }
}
