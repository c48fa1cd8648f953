import { type Bus, inProcessBus } from '@vouchsafe/bus';
import { type EventStore, memoryStore } from '@vouchsafe/event-store';
import { type Instant, instant } from '@vouchsafe/kernel';
import { type ReadStore, sqliteReadStore } from '@vouchsafe/read-store';
import { inProcessRpc, type Rpc } from '@vouchsafe/rpc';
import {
  clockTimers, createIds, type Ids, type Log, type Namespace, type Random, seededRandom, silentLog, type SimulatedClock,
  simulatedClock, type Timers,
} from '@vouchsafe/runtime';

/** A whole set of ports in memory: what a service's factory takes, with a clock that stands still until it is advanced. */
export type TestPorts = {
  readonly namespace: Namespace;
  readonly store: EventStore;
  readonly bus: Bus;
  readonly readStore: ReadStore;
  readonly rpc: Rpc;
  readonly clock: SimulatedClock;
  readonly random: Random;
  readonly ids: Ids;
  readonly timers: Timers;
  readonly log: Log;
  /** Ends what the ports hold; call it after the services under test were stopped. */
  close(): Promise<void>;
};

/** 2026-03-02T01:00:00Z, a Monday morning in Shanghai. */
export const TEST_START: Instant = instant(Date.UTC(2026, 2, 2, 1));

/** Ports for one test. The same seed gives the same ids and numbers. Override what the test wants otherwise. */
export const testPorts = (
  options: { readonly namespace?: Namespace; readonly start?: Instant; readonly seed?: number; readonly log?: Log } & Partial<Pick<TestPorts, 'store' | 'bus' | 'readStore' | 'rpc'>> = {},
): TestPorts => {
  const clock = simulatedClock(options.start ?? TEST_START);
  const random = seededRandom(options.seed ?? 1);
  const log = options.log ?? silentLog;
  const store = options.store ?? memoryStore(clock);
  const bus = options.bus ?? startedBus(clock, log);
  const readStore = options.readStore ?? sqliteReadStore({ file: ':memory:', log });
  return {
    namespace: options.namespace ?? 'live',
    store, bus, readStore, clock, random, log,
    rpc: options.rpc ?? inProcessRpc(),
    ids: createIds(clock, random),
    timers: clockTimers(clock),
    close: async () => {
      await bus.stop();
      await readStore.close();
      await store.close();
    },
  };
};

/** Started at once: in a test every consumer subscribes before anything happens. */
const startedBus = (clock: SimulatedClock, log: Log): Bus => {
  const bus = inProcessBus(clock, { log });
  void bus.start();
  return bus;
};
