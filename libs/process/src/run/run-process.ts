import { clockTimers, type Log, systemClock, systemRandom } from '@vouchsafe/runtime';
import { createMetrics, exposition, noTracing, pinoLog } from '@vouchsafe/telemetry';
import type { z } from 'zod';
import { type ConfigProblem, type Environment, parseEnvironment, type ParsedEnvironment } from '../environment.js';
import { type Beginning, LivingProcess, type Running } from '../living-process.js';
import { openTracing } from '../open-tracing.js';
import { startProbes } from '../probes.js';
import { type ProcessConfig, REASONS } from './config.js';
import type { Machine } from './connections.js';
import { withFiles } from './from-files.js';

/** Exit codes of sysexits: what an orchestrator sees. */
const EXIT = { ok: 0, unavailable: 69, config: 78 } as const;
/** Orchestrators wait 30 s before they kill. */
const DRAIN_MS = 25_000;
const CHECK = '--check-config';

type Level = ProcessConfig['VOUCHSAFE_LOG_LEVEL'];
/** Whose configuration is read, and how. */
type Parsed<C> = {
  readonly name: string;
  readonly schema: z.ZodObject & z.ZodType<C>;
  /** What is wrong with the service's own settings. */
  readonly problems: (config: C) => readonly ConfigProblem[];
};
export type ProcessDefinition<C extends ProcessConfig> = Parsed<C> & {
  readonly begin: (config: C, machine: Machine, beginning: Beginning) => Promise<Running>;
};

/** Runs until SIGTERM or SIGINT, then drains; with `--check-config` it only says what is wrong with the environment. Call it once, from a main. */
export const runProcess = <C extends ProcessConfig>(definition: ProcessDefinition<C>, { argv, env } = process): void => {
  const parsed = configOf(definition, env);
  if (!parsed.ok) return tell(definition.name, parsed.problems);
  if (argv.includes(CHECK)) return tellRight(definition.name);
  const log = pinoLog({ level: parsed.config.VOUCHSAFE_LOG_LEVEL, name: definition.name });
  live(definition, parsed.config, log).then((code) => process.exit(code), (error: unknown) => {
    log.error({ error }, 'ended by a bug');
    process.exit(EXIT.unavailable);
  });
};

/** Does one thing with the configuration, prints its answer and ends. */
export const runOnce = <C extends { readonly VOUCHSAFE_LOG_LEVEL: Level }>(definition: Parsed<C>, work: (config: C, machine: Machine) => Promise<string>): void => {
  const parsed = configOf(definition, process.env);
  if (!parsed.ok) return tell(definition.name, parsed.problems);
  if (process.argv.includes(CHECK)) return tellRight(definition.name);
  const clock = systemClock();
  const log = pinoLog({ level: parsed.config.VOUCHSAFE_LOG_LEVEL, name: definition.name });
  work(parsed.config, { clock, timers: clockTimers(clock), random: systemRandom(), log, tracing: noTracing, metrics: createMetrics() }).then(
    (answer) => void process.stdout.write(`${answer}\n`),
    (error: unknown) => {
      log.error({ error }, 'not done');
      process.exitCode = EXIT.unavailable;
    },
  );
};

/** The configuration out of an environment, whole: variables, secrets in files, and the service's own settings. */
export const configOf = <C>({ schema, problems }: Omit<Parsed<C>, 'name'>, env: Environment): ParsedEnvironment<C> => {
  const read = withFiles(env, Object.keys(schema.shape));
  if (read.problems.length > 0) return { ok: false, problems: read.problems };
  const parsed = parseEnvironment(schema, REASONS, read.env) as ParsedEnvironment<C>;
  const own = parsed.ok ? problems(parsed.config) : [];
  return own.length > 0 ? { ok: false, problems: own } : parsed;
};

const tellRight = (name: string): void => void process.stdout.write(`${name}: 配置正确 / the configuration is right\n`);
const tell = (name: string, problems: readonly ConfigProblem[]): void => {
  for (const { variable, zh, en } of problems) process.stderr.write(`${name}: ${variable}: ${zh} / ${en}\n`);
  process.exitCode = EXIT.config;
};

const live = async <C extends ProcessConfig>({ name, begin }: ProcessDefinition<C>, config: C, log: Log): Promise<number> => {
  const clock = systemClock();
  const timers = clockTimers(clock);
  const signalled = nextSignal();
  const tracing = await openTracing(config, clock, log, `vouchsafe-${name}`);
  // A start that failed has registered its figures: the next one begins with a fresh registry.
  let metrics = createMetrics();
  const machine = (): Machine => {
    metrics = createMetrics();
    return { clock, timers, random: systemRandom(), log, tracing, metrics };
  };
  const life = new LivingProcess({ begin: (beginning) => begin(config, machine(), beginning), clock, timers, log, drainDelayMs: config.VOUCHSAFE_DRAIN_DELAY_MS });
  const probes = await startProbes({ isStarted: () => life.isStarted, reasons: () => life.reasons(), remarks: () => life.remarks(), metrics: (accept) => exposition(metrics, accept) }, { host: config.VOUCHSAFE_PROBE_HOST, port: config.VOUCHSAFE_PROBE_PORT });
  log.info({ probes: probes.address }, 'starting');
  void life.start();
  const signal = await signalled;
  log.info({ signal }, 'draining');
  const late = setTimeout(() => {
    log.error({}, `not drained in ${DRAIN_MS / 1000} s: ends at once; all that was answered is durable`);
    process.exit(EXIT.unavailable);
  }, DRAIN_MS);
  const isClean = await life.stop().then(() => true, (error: unknown) => {
    log.error({ error }, 'did not stop cleanly');
    return false;
  });
  await tracing.stop();
  await probes.close();
  clearTimeout(late);
  log.info({}, 'ended');
  return isClean ? EXIT.ok : EXIT.unavailable;
};

const nextSignal = (): Promise<NodeJS.Signals> => new Promise((resolve) => {
  process.once('SIGINT', resolve);
  process.once('SIGTERM', resolve);
});
