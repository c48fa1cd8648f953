import type { Bus, CommandMessage, Outcome } from '@vouchsafe/bus';
import type { Clock } from '@vouchsafe/runtime';
import { type Counter, type Gauge, type Histogram, type Metrics, TIME_BUCKETS_S } from '@vouchsafe/telemetry';

/** Of one command: kept at hand, so that measuring it costs a look at the clock and three additions. */
class CommandFigures {
  readonly #outcomes = new Map<string, Counter>();
  #running = 0;
  constructor(readonly seconds: Histogram, readonly running: Gauge, readonly outcome: (code: string) => Counter) {}

  begun(): void {
    this.running.set(++this.#running);
  }
  ended(code: string, ms: number, trace: string | undefined): void {
    this.running.set(--this.#running);
    let counter = this.#outcomes.get(code);
    if (!counter) this.#outcomes.set(code, (counter = this.outcome(code)));
    counter.inc();
    this.seconds.observe(ms / 1000, trace);
  }
}

/** How the buses of one process's modes are measured: rate, refusals, duration of every command handled here, and how many are in hand. */
export const busMeasures = (metrics: Metrics, clock: Clock): ((bus: Bus, mode: string) => Bus) => {
  const seconds = metrics.histogram('vouchsafe_command_seconds', 'How long commands took to be handled', { buckets: TIME_BUCKETS_S, labels: ['mode', 'command'] });
  const total = metrics.counter('vouchsafe_commands_total', 'Commands handled, by outcome', ['mode', 'command', 'outcome']);
  const running = metrics.gauge('vouchsafe_commands_running', 'Commands in hand', ['mode', 'command']);
  const buses = new Map<string, Bus>();
  metrics.read('vouchsafe_commands_waiting', 'Commands that wait for their turn, behind others of their stream or for want of room', {
    labels: ['mode', 'target'], values: () => [...buses].flatMap(([mode, bus]) => Object.entries(bus.load?.() ?? {}).map(([target, { waiting }]) => ({ labels: [mode, target], value: waiting }))),
  });
  return (bus, mode) => {
    buses.set(mode, bus);
    const byName = new Map<string, CommandFigures>();
    const byContract = new Map<object, CommandFigures>();
    /** By the contract, where there is one: no text is built per command. */
    const figuresOf = (message: CommandMessage): CommandFigures => {
      const { direct } = message;
      if (!direct) return figuresNamed(message);
      let figures = byContract.get(direct.contract);
      if (!figures) byContract.set(direct.contract, (figures = figuresNamed(message)));
      return figures;
    };
    const figuresNamed = (message: CommandMessage): CommandFigures => {
      const name = `${message.target}.${nameOf(message)}`;
      let figures = byName.get(name);
      if (!figures) byName.set(name, (figures = new CommandFigures(seconds.with(mode, name), running.with(mode, name), (code) => total.with(mode, name, code))));
      return figures;
    };
    const serve: Bus['serve'] = (target, handler, how) => bus.serve(target, (message) => {
      const figures = figuresOf(message);
      const from = clock.monotonicMs();
      figures.begun();
      const ended = (outcome: Outcome): Outcome => {
        figures.ended(outcome.ok ? 'ok' : outcome.code, clock.monotonicMs() - from, message.trace);
        return outcome;
      };
      const failed = (error: unknown): never => {
        figures.ended('failed', clock.monotonicMs() - from, message.trace);
        throw error;
      };
      try {
        const outcome = handler(message);
        return outcome instanceof Promise ? outcome.then(ended, failed) : ended(outcome);
      } catch (error) {
        return failed(error);
      }
    }, how);
    return {
      parking: bus.parking, serve, ask: (message, deadlineMs) => bus.ask(message, deadlineMs), publish: (events) => bus.publish(events), subscribe: (...args) => bus.subscribe(...args),
      servePublished: (...args) => bus.servePublished(...args), readPublished: (...args) => bus.readPublished(...args), start: () => bus.start(), stop: () => bus.stop(),
    };
  };
};

/** Names of commands are those of the contract; what anybody else may call one is not told. */
const nameOf = (message: CommandMessage): string => {
  if (message.direct) return message.direct.contract.name; // its body is made only for those who ask
  const name = (message.body as { readonly name?: unknown } | null)?.name;
  return typeof name === 'string' && /^[A-Z][A-Za-z]{1,40}$/.test(name) ? name : 'unknown';
};
