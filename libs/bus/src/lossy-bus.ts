import type { Random } from '@vouchsafe/runtime';
import { Fault } from '@vouchsafe/kernel';
import type { Bus, CommandMessage, EventMessage, Outcome } from './port.js';

/** Chances, each from 0 to 1, of what may befall one message. */
export type Mishaps = {
  readonly random: Random;
  /** Lost: an event comes only when its consumer finds the gap (or with {@link LossyBus.heal}); of a command the question or the answer. */
  readonly drop?: number;
  /** Delivered twice, the second time later. */
  readonly double?: number;
  /** So often one that is doubled comes again; once unless said. */
  readonly again?: number;
  /** Delivered after events that came later. */
  readonly reorder?: number;
};
export type LossyBus = Bus & {
  /** Delivers what was held back or lost last of each stream; from then on nothing goes wrong any more. */
  heal(): Promise<void>;
};

/** A bus that keeps less than it promises, for tests of those who must live with it. */
export const lossyBus = (bus: Bus, mishaps: Mishaps): LossyBus => new Lossy(bus, mishaps);

class Lossy implements LossyBus {
  readonly #bus: Bus;
  readonly #mishaps: Mishaps;
  readonly #lost = new Map<string, EventMessage>();
  #late: EventMessage[] = [];
  #healed = false;

  constructor(bus: Bus, mishaps: Mishaps) {
    this.#bus = bus;
    this.#mishaps = mishaps;
  }

  #happens(chance: number | undefined): boolean {
    return !this.#healed && this.#mishaps.random.fraction() < (chance ?? 0);
  }

  async ask(message: CommandMessage, deadlineMs: number): Promise<Outcome> {
    const { drop, double } = this.#mishaps;
    const silent = (): Fault => new Fault('SILENT', `${message.target} gave no outcome (the message was lost)`);
    if (this.#happens(drop)) throw silent();
    const first = this.#happens(double) ? this.#bus.ask(message, deadlineMs) : undefined;
    const [outcome] = await Promise.all([this.#bus.ask(message, deadlineMs), first]);
    if (this.#happens(drop)) throw silent();
    return outcome;
  }

  async publish(events: readonly EventMessage[]): Promise<void> {
    const { drop, double, again = 1, reorder } = this.#mishaps;
    const [now, late]: [EventMessage[], EventMessage[]] = [[], []];
    for (const event of events) {
      if (this.#happens(drop)) this.#lost.set(`${event.context}/${event.stream}`, event);
      else (this.#happens(reorder) ? late : now).push(event);
      if (this.#happens(double)) for (let i = 0; i < again; i++) late.push(event);
    }
    const due = this.#late;
    this.#late = late;
    await this.#bus.publish(now);
    await this.#bus.publish(due);
  }

  async heal(): Promise<void> {
    this.#healed = true;
    await this.#bus.publish([...this.#late, ...this.#lost.values()]);
    this.#late = [];
    this.#lost.clear();
  }

  get parking(): Bus['parking'] {
    return this.#bus.parking;
  }
  serve(...args: Parameters<Bus['serve']>): void {
    this.#bus.serve(...args);
  }
  subscribe(...args: Parameters<Bus['subscribe']>): void {
    this.#bus.subscribe(...args);
  }
  servePublished(...args: Parameters<Bus['servePublished']>): void {
    this.#bus.servePublished(...args);
  }
  readPublished(...args: Parameters<Bus['readPublished']>): ReturnType<Bus['readPublished']> {
    return this.#bus.readPublished(...args);
  }
  start(): Promise<void> {
    return this.#bus.start();
  }
  stop(): Promise<void> {
    return this.#bus.stop();
  }
}
