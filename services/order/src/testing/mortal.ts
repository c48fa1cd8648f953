import { type Bus, inProcessBus } from '@vouchsafe/bus';
import type { EventStore } from '@vouchsafe/event-store';
import { sqliteReadStore } from '@vouchsafe/read-store';
import { inProcessRpc } from '@vouchsafe/rpc';
import { clockTimers, createIds, type SimulatedClock, seededRandom, silentLog } from '@vouchsafe/runtime';
import type { TestPorts } from '@vouchsafe/testing';
import { Fault } from '@vouchsafe/kernel';

/** Where a process dies: at its n-th append or command, before it took effect or after (then its answer is lost). */
export type Death = { readonly at: 'append' | 'command'; readonly n: number; readonly effect: 'lost' | 'kept' };
/** What the network does to commands: each is delivered twice; each first answer is lost. */
export type Chaos = { readonly twice?: boolean; readonly loseFirst?: boolean };

const never = <T>(): Promise<T> => new Promise(() => {});

/** Counts what processes did and tells when the next one has to die. */
export class Fate {
  died = false;
  counted = { append: 0, command: 0 };
  onDeath: () => void = () => {};
  constructor(readonly death: Death | undefined) {}

  /** Runs `effect` for the living; at the appointed time the process dies around it, and nothing of it settles any more. */
  async pass<T>(kind: Death['at'], alive: () => boolean, effect: () => T | Promise<T>): Promise<T> {
    if (!alive()) return never();
    const mine = !this.died && this.death?.at === kind && ++this.counted[kind] === this.death.n;
    if (mine && this.death.effect === 'lost') return this.#die();
    const result = await effect();
    if (mine) return this.#die();
    return alive() ? result : never();
  }
  #die<T>(): Promise<T> {
    this.died = true;
    this.onDeath();
    return never();
  }
}

/** Ports of one incarnation over a store that outlives it: once `alive` is false nothing it does takes effect. */
export const mortalPorts = (store: EventStore, clock: SimulatedClock, { fate, alive, chaos, seed }: { fate: Fate; alive: () => boolean; chaos: Chaos; seed: number }): TestPorts => {
  const bus = inProcessBus(clock);
  void bus.start();
  const lost = new Set<string>();
  const mortalStore: EventStore = Object.assign(Object.create(store) as EventStore, {
    append: (request: Parameters<EventStore['append']>[0]) => fate.pass('append', alive, () => store.append(request)),
    readStream: (...args: Parameters<EventStore['readStream']>) => store.readStream(...args),
    revisionOf: (stream: string) => store.revisionOf(stream), head: () => store.head(), durable: (p: Parameters<EventStore['durable']>[0]) => store.durable(p),
    readAll: (o: Parameters<EventStore['readAll']>[0]) => store.readAll(o), subscribe: (o: Parameters<EventStore['subscribe']>[0]) => store.subscribe(o),
  });
  const mortalBus: Bus = Object.assign(Object.create(bus) as Bus, {
    ask: (message: Parameters<Bus['ask']>[0], deadlineMs: number) => fate.pass('command', alive, async () => {
      if (chaos.twice) await bus.ask(message, deadlineMs);
      const outcome = await bus.ask(message, deadlineMs);
      if (!chaos.loseFirst || lost.has(message.id)) return outcome;
      lost.add(message.id);
      throw new Fault('SILENT', 'the answer was lost');
    }),
    serve: bus.serve.bind(bus), subscribe: bus.subscribe.bind(bus), publish: bus.publish.bind(bus), servePublished: bus.servePublished.bind(bus),
    readPublished: bus.readPublished.bind(bus), start: bus.start.bind(bus), stop: bus.stop.bind(bus),
  });
  const random = seededRandom(seed);
  return {
    namespace: 'sandbox', store: mortalStore, bus: mortalBus, readStore: sqliteReadStore({ file: ':memory:', log: silentLog }), rpc: inProcessRpc(), clock, random,
    ids: createIds(clock, random), timers: clockTimers(clock), log: silentLog, close: async () => {},
  };
};
