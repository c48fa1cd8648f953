import { readFileSync } from 'node:fs';
import type { ParkedStore } from '@vouchsafe/bus';
import { type KafkaBus, kafkaBus, type KafkaConnection } from '@vouchsafe/bus-kafka';
import { Fault } from '@vouchsafe/kernel';
import { createGrpcRpc, type GrpcRpc, tokenIssuer, tokenVerifier, watchCertificates, watchKeys } from '@vouchsafe/rpc-grpc';
import { type Clock, createIds, type Ids, type Log, type Random, type Timers } from '@vouchsafe/runtime';
import type { Metrics, Tracing } from '@vouchsafe/telemetry';
import type { Closers } from '../closers.js';
import { CONTRACTS } from '../contracts.js';
import type { Dependency } from '../dependencies.js';
import type { Beginning } from '../living-process.js';
import { commandKeys } from './command-keys.js';
import type { ProcessConfig } from './config.js';

/** What every process is given from the machine. */
export type Machine = { readonly clock: Clock; readonly timers: Timers; readonly random: Random; readonly log: Log; readonly tracing: Tracing; readonly metrics: Metrics };
/** Ways to the other processes. */
export type Connections = { readonly rpc: GrpcRpc; readonly bus: KafkaBus; readonly ids: Ids; readonly dependencies: readonly Dependency[] };

/** Opens calls and messages between processes for the service `name`. What is opened is added to `closers`. */
export const connect = async (name: string, config: ProcessConfig, machine: Machine, closers: Closers, more: { readonly parked: ParkedStore; readonly floor?: () => Promise<void>; /** Of which deployment this is a process, where it can know. */ readonly deployment?: string }): Promise<Connections> => {
  const { clock, timers, random, log, tracing, metrics } = machine;
  const namespace = config.VOUCHSAFE_NAMESPACE;
  const ids = createIds(clock, random);
  const keys = await watchKeys({ signingKeyFile: config.VOUCHSAFE_SIGNING_KEY, trustedKeysFile: config.VOUCHSAFE_TRUSTED_KEYS }, timers, log);
  closers.add(() => keys.stop());
  const { VOUCHSAFE_RPC_TLS_CA: caFile, VOUCHSAFE_RPC_TLS_CERT: certFile, VOUCHSAFE_RPC_TLS_KEY: keyFile } = config;
  const certificates = caFile && certFile && keyFile ? await watchCertificates({ caFile, certFile, keyFile }, timers, log) : undefined;
  if (certificates) closers.add(() => certificates.stop());
  const rpc = createGrpcRpc({
    clock, log, tracing, metrics, certificates, contracts: CONTRACTS, targets: config.VOUCHSAFE_RPC_TARGETS,
    issuer: tokenIssuer(name, clock, keys.signing), verifier: tokenVerifier({ audience: name, namespace, clock, trusted: keys.trusted }), ...(more.floor && { floor: more.floor }),
  });
  closers.add(() => rpc.close());
  const bus = kafkaBus({
    connection: kafkaConnection(config), namespace, instance: ids.uuid(), keys: commandKeys(name, keys), parked: more.parked, clock, log, ...(more.deployment !== undefined && { deployment: more.deployment }),
    ...(config.VOUCHSAFE_KAFKA_PREFIX && { prefix: config.VOUCHSAFE_KAFKA_PREFIX }),
  });
  return { rpc, bus, ids, dependencies: [{ name: 'Kafka', check: async () => checkBus(bus) }] };
};

const whyNotReady = (bus: KafkaBus): string | undefined => {
  const { ready, problems } = bus.health();
  return ready ? undefined : problems.map(({ code, message }) => `${code}: ${message}`).join('; ') || 'not connected yet';
};
const checkBus = (bus: KafkaBus): void => {
  const reason = whyNotReady(bus);
  if (reason !== undefined) throw new Fault('BUS_NOT_READY', reason);
};

/** Begins to take messages, which waits for brokers and topics as long as it takes; says what for. Fault `STOPPED` when it is given up. */
export const startBus = async (bus: KafkaBus, { signal, waitsFor }: Beginning, { timers, log }: Machine): Promise<void> => {
  const giveUp = (): void => void bus.stop();
  signal.addEventListener('abort', giveUp, { once: true });
  const telling = timers.every(TELL_MS, async () => waitsFor(`Kafka: ${whyNotReady(bus) ?? 'begins'}`), (error) => log.error({ error }, 'the bus cannot be asked'));
  try {
    await bus.start();
  } finally {
    signal.removeEventListener('abort', giveUp);
    await telling();
  }
  if (signal.aborted) throw new Fault('STOPPED', 'ends before it has begun', false);
};
const TELL_MS = 500;

/** How a process's configuration says to reach the brokers. */
export const kafkaConnection = (config: ProcessConfig): KafkaConnection => {
  const { VOUCHSAFE_KAFKA_BROKERS: brokers, VOUCHSAFE_KAFKA_TLS_CA: ca, VOUCHSAFE_KAFKA_SASL_MECHANISM: mechanism, VOUCHSAFE_KAFKA_SASL_USER: username = '', VOUCHSAFE_KAFKA_SASL_PASSWORD: password = '' } = config;
  return {
    brokers, ...(ca && { ssl: ca === 'system' ? true : { ca: [readFileSync(ca)] } }),
    ...(mechanism === 'plain' && { sasl: { mechanism, username, password } }), ...(mechanism === 'scram-sha-256' && { sasl: { mechanism, username, password } }), ...(mechanism === 'scram-sha-512' && { sasl: { mechanism, username, password } }),
  };
};
