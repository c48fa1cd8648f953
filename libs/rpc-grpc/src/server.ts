import { Server, ServerCredentials, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';

export type ListenOptions = { readonly host: string; readonly port: number };
export type GrpcListenerOptions = { readonly credentials?: ServerCredentials | undefined; readonly messageMaxBytes: number };

/** Callers look their names up again when a connection ends, so replicas that came later get their share. */
const CONNECTION_AGE_MS = 5 * 60_000;
const CONNECTION_GRACE_MS = 60_000;

/** The listening side: services, and the standard health service, which asks for no token. */
export class GrpcListener {
  readonly #server: Server;
  readonly #health = new HealthImplementation({ '': 'NOT_SERVING' });
  readonly #credentials: ServerCredentials;
  #isListening = false;

  constructor({ credentials, messageMaxBytes }: GrpcListenerOptions) {
    this.#credentials = credentials ?? ServerCredentials.createInsecure();
    this.#server = new Server({
      'grpc.max_receive_message_length': messageMaxBytes, 'grpc.max_send_message_length': messageMaxBytes, 'grpc.max_concurrent_streams': 10_000,
      'grpc.keepalive_time_ms': 60_000, 'grpc.keepalive_timeout_ms': 20_000,
      'grpc.max_connection_age_ms': CONNECTION_AGE_MS, 'grpc.max_connection_age_grace_ms': CONNECTION_GRACE_MS, 'grpc-node.max_session_memory': 256,
    });
    this.#health.addToServer(this.#server);
  }

  /** May be called while it listens. */
  add(definition: ServiceDefinition, handlers: UntypedServiceImplementation): void {
    this.#server.addService(definition, handlers);
  }

  /** The port as bound. */
  async listen({ host, port }: ListenOptions): Promise<number> {
    const bound = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(`${host.includes(':') ? `[${host}]` : host}:${port}`, this.#credentials, (error, at) => (error ? reject(error) : resolve(at)));
    });
    this.#isListening = true;
    return bound;
  }

  /** What the health service answers for the whole process. */
  setServing(isServing: boolean): void {
    this.#health.setStatus('', isServing ? 'SERVING' : 'NOT_SERVING');
  }

  /** Takes no new calls, lets open ones end, cuts what is left after `withinMs`. May be called again. */
  async drain(withinMs: number): Promise<void> {
    this.setServing(false);
    if (!this.#isListening) return;
    this.#isListening = false;
    await new Promise<void>((resolve) => {
      const cut = setTimeout(() => {
        this.#server.forceShutdown();
        resolve();
      }, withinMs);
      this.#server.tryShutdown(() => {
        clearTimeout(cut);
        resolve();
      });
    });
  }
}
