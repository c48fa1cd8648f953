import { type ChannelCredentials, Client, type ClientOptions } from '@grpc/grpc-js';
import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { Fault } from '@vouchsafe/kernel';
import { Breaker } from './breaker.js';
import { serviceConfigOf } from './method-policy.js';

/** Where a service is: a name that resolves to all its replicas (`dns:///vouchsafe-order:7000`), or one address. */
export type Targets = Readonly<Record<string, string>>;
export type Channel = { readonly client: Client; readonly breaker: Breaker; readonly service: string };

export type ChannelsOptions = {
  /** By the name of the service. */
  readonly targets: Targets;
  readonly credentials: () => ChannelCredentials;
  /** All that is called, with the name of the service that owns it. */
  readonly contracts: readonly { readonly service: string; readonly contract: DescService }[];
  readonly messageMaxBytes: number;
  readonly channelOptions?: ClientOptions | undefined;
};

/** One connection to each address of each service, opened with the first call and kept alive. */
export class Channels {
  readonly #options: ChannelsOptions;
  readonly #byService = new Map<string, Channel>();
  readonly #ownerOf: ReadonlyMap<string, string>;

  constructor(options: ChannelsOptions) {
    this.#options = options;
    this.#ownerOf = new Map(options.contracts.map(({ service, contract }) => [contract.typeName, service]));
  }

  /** The channel to the service that owns `method`. Fault `UNAVAILABLE` where none is configured. */
  to(method: DescMethod): Channel {
    const service = this.#ownerOf.get(method.parent.typeName);
    if (service === undefined) throw new Fault('UNAVAILABLE', `nobody serves ${method.parent.typeName}`, false);
    let channel = this.#byService.get(service);
    if (!channel) this.#byService.set(service, (channel = this.#open(service)));
    return channel;
  }

  get all(): readonly Channel[] {
    return [...this.#byService.values()];
  }

  #open(service: string): Channel {
    const { targets, credentials, contracts, messageMaxBytes, channelOptions } = this.#options;
    const target = targets[service];
    if (target === undefined) throw new Fault('UNAVAILABLE', `no address of ${service} is configured`, false);
    const owned = contracts.filter((one) => one.service === service).map(({ contract }) => contract);
    const client = new Client(target, credentials(), {
      'grpc.service_config': serviceConfigOf(owned), 'grpc.service_config_disable_resolution': 1, 'grpc.enable_retries': 1,
      'grpc.keepalive_time_ms': 15_000, 'grpc.keepalive_timeout_ms': 5_000, 'grpc.keepalive_permit_without_calls': 1,
      'grpc.dns_min_time_between_resolutions_ms': 2_000, 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 2_000,
      'grpc.max_send_message_length': messageMaxBytes, 'grpc.max_receive_message_length': messageMaxBytes, 'grpc.enable_http_proxy': 0,
      ...channelOptions,
    });
    return { client, breaker: new Breaker(service), service };
  }

  /** May be called again. */
  close(): void {
    for (const { client } of this.#byService.values()) client.close();
    this.#byService.clear();
  }
}
