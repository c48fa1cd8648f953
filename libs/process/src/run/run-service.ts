import { startWatchdog } from '@vouchsafe/read-store';
import type { Namespace } from '@vouchsafe/runtime';
import { measureProcess } from '@vouchsafe/telemetry';
import { z } from 'zod';
import { Closers } from '../closers.js';
import type { ServiceName } from '../contracts.js';
import type { ConfigProblem } from '../environment.js';
import { countParked, measureFollowers } from '../follower-metrics.js';
import { followersOf, type FollowingModule } from '../followers.js';
import type { Beginning, Running } from '../living-process.js';
import { applyServiceIndexes, type Kept } from './apply-indexes.js';
import { measureConnections } from './bus-metrics.js';
import { indexesConfig, type ServiceConfig, serviceConfig } from './config.js';
import { type Machine, startBus } from './connections.js';
import { type OpenService, openService, type ServicePorts } from './open-service.js';
import { type ProcessDefinition, runOnce, runProcess } from './run-process.js';

/** A service that can be a process: its own settings, and how it is made of its ports. */
/** With `views` and `vault`, `node main.js indexes` makes what MongoDB lacks for them. */
export type ServiceDefinition<S, M extends FollowingModule = FollowingModule> = Kept & {
  readonly name: ServiceName;
  readonly settings: (namespace: Namespace) => z.ZodType<S>;
  readonly create: (ports: ServicePorts, settings: S) => M | Promise<M>;
};

/** Of a service that has no settings of its own. */
export const noSettings = z.strictObject({});

/** Open calls may take so long to end when the process stops. */
const DRAIN_MS = 10_000;

/** What whoever has the machine may have done by a service that does not run, by name: `node main.js <name> <arguments>`. Its answer is printed. */
export type LocalCommands<M> = Readonly<Record<string, (module: M, args: readonly string[]) => Promise<string>>>;

/** The main of a service: see {@link runProcess}. */
export const runService = <S, M extends FollowingModule>(definition: ServiceDefinition<S, M>, commands: LocalCommands<M> = {}): void => {
  const [name = '', ...args] = process.argv.slice(2);
  if (name === 'indexes') return runOnce({ name: definition.name, schema: indexesConfig, problems: () => [] }, async (config, machine) => JSON.stringify(await applyServiceIndexes(definition, config, machine)));
  const command = commands[name];
  if (!command) return runProcess(processOf(definition));
  runOnce(processOf(definition), async (config, machine) => {
    const closers = new Closers();
    try {
      const open = await openService(definition.name, config, machine, closers);
      return await command(await definition.create(open.ports, definition.settings(config.VOUCHSAFE_NAMESPACE).parse(config.VOUCHSAFE_SETTINGS)), args);
    } finally {
      await closers.closeAll();
    }
  });
};

export const processOf = <S, M extends FollowingModule>({ name, settings, create }: ServiceDefinition<S, M>): ProcessDefinition<ServiceConfig> => ({
  name, schema: serviceConfig, problems: ({ VOUCHSAFE_NAMESPACE: namespace, VOUCHSAFE_SETTINGS: given }) => settingsProblems(settings(namespace), given),
  begin: async (config, machine, beginning) => {
    const closers = new Closers();
    try {
      const open = await openService(name, config, machine, closers);
      const module = await create(open.ports, settings(config.VOUCHSAFE_NAMESPACE).parse(config.VOUCHSAFE_SETTINGS));
      return await begun(config, { ...machine, ...beginning }, open, module, closers);
    } catch (error) {
      return closers.closeAfter(error);
    }
  },
});

/** Starts the service; calls and messages flow only when all of it stands. */
const begun = async (config: ServiceConfig, machine: Machine & Beginning, { ports, rpc, bus, secured, dependencies }: OpenService, module: FollowingModule, closers: Closers): Promise<Running> => {
  const { clock, timers, log, metrics } = machine;
  const { namespace } = ports;
  const followers = () => followersOf([module]);
  closers.add(() => bus.stop()); // closed once more after the module: what it published last is sent
  closers.add(() => module.stop());
  await module.start();
  closers.add(startWatchdog({ timers, watched: followers, onError: (error) => log.error({ error }, 'the watchdog failed') }));
  closers.add(measureProcess(metrics));
  measureFollowers(metrics, [{ namespace, followers }]);
  closers.add(countParked(metrics, [{ namespace, bus }], timers, log));
  await secured();
  await startBus(bus, machine, machine);
  closers.add(measureConnections(metrics, { namespace, bus, rpc }, timers, log));
  closers.add(() => rpc.drain(0));
  const port = await rpc.listen({ host: config.VOUCHSAFE_RPC_HOST, port: config.VOUCHSAFE_RPC_PORT });
  log.info({ port, epoch: ports.store.epoch, at: clock.now() }, 'takes calls');
  return {
    dependencies, followers, closers, setServing: (isServing) => rpc.setServing(isServing),
    drain: async () => {
      await rpc.drain(DRAIN_MS);
      await bus.stop();
    },
  };
};

/** A service's own settings are told of by the variable and where within it. */
export const settingsProblems = (schema: z.ZodType, given: unknown): readonly ConfigProblem[] => {
  const { error } = schema.safeParse(given);
  return (error?.issues ?? []).map(({ path, message }) => {
    const at = path.join('.');
    return { variable: 'VOUCHSAFE_SETTINGS', zh: `${at}：${message}`, en: `${at}: ${message}` };
  });
};
