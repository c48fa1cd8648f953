import { memoryParkedStore } from '@vouchsafe/bus';
import { START } from '@vouchsafe/event-store';
import { type Beginning, Closers, PUBLIC_SERVICES, type Running } from '@vouchsafe/process';
import { connect, type GatewayProcessConfig, gatewayProcessConfig, type Machine, measureConnections, runProcess, settingsProblems, startBus } from '@vouchsafe/process/run';
import { measureProcess } from '@vouchsafe/telemetry';
import { CATALOGUES } from './catalogues.js';
import { gatewayConfig } from './config.js';
import { createGateway } from './gateway.js';

/** Each service holds its answers back until they are durable; the gateway has nothing of its own to wait for. */
const NO_LOG = { head: () => START, durable: async () => {} };

const settingsOf = (config: GatewayProcessConfig): object => {
  const { VOUCHSAFE_HOST: host, VOUCHSAFE_TLS_CERT: certFile, VOUCHSAFE_TLS_KEY: keyFile } = config;
  const tls = certFile && keyFile ? { tls: { certFile, keyFile } } : {};
  return {
    http: { host, port: config.VOUCHSAFE_HTTP_PORT, ...tls }, grpc: { host, port: config.VOUCHSAFE_GRPC_PORT, ...tls },
    reflection: config.VOUCHSAFE_PROFILE !== 'production', ...config.VOUCHSAFE_SETTINGS,
  };
};

const begin = async (config: GatewayProcessConfig, machine: Machine, beginning: Beginning): Promise<Running> => {
  const { clock, timers, random, log, tracing, metrics } = machine;
  const closers = new Closers();
  try {
    const { rpc, bus, dependencies } = await connect('gateway', config, machine, closers, { parked: memoryParkedStore() });
    closers.add(() => bus.stop());
    let isServing = false;
    const gateway = createGateway({
      namespaces: { [config.VOUCHSAFE_NAMESPACE]: { rpc, bus, clock, store: NO_LOG } }, services: PUBLIC_SERVICES, catalogues: CATALOGUES, clock, timers, random, log, tracing, metrics,
      notReady: () => (isServing ? [] : ['starting, or a dependency is down']),
    }, gatewayConfig.parse(settingsOf(config)));
    closers.add(measureProcess(metrics));
    await startBus(bus, beginning, machine);
    closers.add(measureConnections(metrics, { namespace: config.VOUCHSAFE_NAMESPACE, bus, rpc }, timers, log));
    closers.add(() => gateway.stop());
    await gateway.start();
    return { dependencies, followers: () => [], closers, setServing: (is) => void (isServing = is), drain: () => gateway.stop() };
  } catch (error) {
    return closers.closeAfter(error);
  }
};

runProcess({ name: 'gateway', schema: gatewayProcessConfig, problems: (config) => settingsProblems(gatewayConfig, settingsOf(config)), begin });
