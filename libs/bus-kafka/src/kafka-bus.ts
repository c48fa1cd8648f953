import {
  type Bus, type CommandLoad, CommandDesk, type CommandHandler, type CommandMessage, COMMANDS, type EventHandler, type EventMessage, frozenCopy, type Outcome,
  type ParkedMessage, type Parking, type Retried, type Serving,
} from '@vouchsafe/bus';
import { Fault } from '@vouchsafe/kernel';
import { CommandIntake, type ReadOwn } from './command-intake.js';
import { EventGroup } from './event-group.js';
import { Forged, FORGED } from './forged.js';
import { partitionFor } from './lane/partitioner.js';
import { totalLag } from './intake/lag.js';
import { LivePositions } from './intake/live-positions.js';
import { type Assignment, Intake } from './intake/intake.js';
import type { KafkaBusOptions } from './options.js';
import { signed } from './signing.js';
import { outcomeOf } from './replies.js';
import { Transport } from './transport.js';
import { namesOf, type Names } from './topics/names.js';
import { isLive, mayCommand, TOPOLOGY } from './topics/topology.js';
import { within } from './within.js';
import { writeCommand, writeEvent, writeQuestion } from './wire.js';

/** What is wrong just now, with a code, for readiness and for people. */
export type BusHealth = { readonly ready: boolean; readonly problems: readonly { readonly code: string; readonly message: string }[]; readonly forged: number };
export type KafkaBus = Bus & {
  health(): BusHealth;
  /** Messages each consumer group of this service is behind. */
  lag(): Promise<Readonly<Record<string, number>>>;
  /** Settles when every group of this service has handled or parked all that is in its topics. */
  caughtUp(): Promise<void>;
};

const QUESTION_MS = 5000;
const DRAIN_MS = 10_000;
const CAUGHT_UP_POLL_MS = 30;
const MISSING_POLL_MS = 250;

/** The bus on Kafka. Give it to one service; every instance makes its own. */
export const kafkaBus = (options: KafkaBusOptions): KafkaBus => new Bus1(options);

class Bus1 implements KafkaBus {
  readonly #options: KafkaBusOptions;
  readonly #names: Names;
  readonly #transport: Transport;
  readonly #desk: CommandDesk;
  readonly #forged: Forged;
  readonly #owners = new Map<string, ReadOwn>();
  readonly #groups = new Map<string, Group>();
  readonly #commands = new Map<string, Intake>();
  readonly #publishing = new Set<Promise<unknown>>();
  readonly #started = Promise.withResolvers<void>();
  #isStarted = false;
  #stopping: Promise<void> | undefined;

  constructor(options: KafkaBusOptions) {
    const { namespace, prefix, clock, log, parked } = options;
    this.#options = options;
    this.#names = namesOf(namespace, prefix);
    this.#transport = new Transport(options, this.#names);
    this.#desk = new CommandDesk({ clock, log, parked });
    this.#forged = new Forged({ parked, clock, log });
  }

  serve(target: string, handler: CommandHandler, how?: Serving): void {
    this.#desk.serve(target, handler, how);
    this.#takeCommandsFor(target);
  }
  servePublished(context: string, read: ReadOwn): void {
    this.#owners.set(context, read);
    this.#takeCommandsFor(context);
  }

  #takeCommandsFor(target: string): void {
    if (this.#commands.has(target)) return;
    const { namespace, keys, parked, mayCommand: may = mayCommand(TOPOLOGY), clock, log } = this.#options;
    const commands = new CommandIntake({
      target, namespace, keys, desk: this.#desk, forged: this.#forged, parked, mayCommand: may, clock, log, readOwn: () => this.#owners.get(target),
      reply: (topic, message) => this.#transport.replies.send(topic, message, DRAIN_MS),
    });
    const intake = this.#transport.intake({
      groupId: this.#names.commandGroup(target), topics: [this.#names.commands(target)], handle: (message) => commands.take(message),
      onAssigned: async () => {
        for (const head of await parked.heads()) if (head.group === COMMANDS) this.#desk.restore(head);
      },
    });
    this.#commands.set(target, intake);
    if (this.#isStarted) void intake.start();
  }

  async ask(message: CommandMessage, deadlineMs: number): Promise<Outcome> {
    if (this.#stopping) throw new Fault('BUS_STOPPED', 'the bus is stopped');
    const { keys } = this.#options;
    const topic = this.#names.commands(message.target);
    const command = { ...message, body: frozenCopy(message.body) };
    const reply = await this.#transport.awaited.ask(message.target, deadlineMs, async (ask) => {
      await this.#started.promise;
      // A topic may be on its way; and who asks is told at the deadline, not at once, so that nobody asks in a tight loop.
      while (await this.#transport.isMissing(topic)) {
        if (!this.#transport.awaited.isPending(ask)) return;
        await this.#options.clock.sleep(MISSING_POLL_MS);
      }
      await this.#transport.commands.send(topic, signed(keys, topic, writeCommand(keys.service, command, this.#return(ask))), deadlineMs);
    });
    return outcomeOf(reply);
  }
  #return(ask: string): { readonly replyTo: string; readonly ask: string } {
    return { replyTo: this.#names.replies(this.#options.keys.service), ask };
  }

  async publish(events: readonly EventMessage[]): Promise<void> {
    await this.#started.promise;
    if (this.#stopping) throw new Fault('BUS_STOPPED', 'the bus is stopped');
    const publishing = this.#publish(events);
    this.#publishing.add(publishing);
    await publishing.finally(() => this.#publishing.delete(publishing));
  }
  async #publish(events: readonly EventMessage[]): Promise<void> {
    for (const context of new Set(events.map((event) => event.context))) {
      const topic = this.#names.events(context);
      if (await this.#transport.isMissing(topic)) throw topicMissing(topic);
    }
    const { namespace } = this.#options;
    await Promise.all(events.map((event) => this.#transport.events.send(this.#names.events(event.context), writeEvent(namespace, event))));
  }

  subscribe(group: string, contexts: readonly string[], handler: EventHandler, skip?: EventHandler): void {
    if (this.#groups.has(group)) throw new Fault('GROUP_TAKEN', `two consumers call themselves ${group}`, false);
    if (this.#isStarted) throw new Fault('BUS_STARTED', 'consumers subscribe before the bus starts', false);
    const { namespace, parked, clock, log } = this.#options;
    const events = new EventGroup({
      group, contexts, namespace, handler, skip, parked, clock, log, topicOf: this.#names.events,
      partitionsOf: (topic) => this.#transport.directory.partitionsOf(topic),
      readPublished: (context, stream, fromPub, max) => this.readPublished(context, stream, fromPub, max),
    });
    const positions = isLive(TOPOLOGY, group) ? new LivePositions() : undefined;
    const topics = contexts.map(this.#names.events);
    const onAssigned = (assignment: Assignment): Promise<void> => events.assigned(assignment);
    const intake = positions
      ? this.#liveIntake(group, topics, positions, { events, onAssigned })
      : this.#transport.intake({ groupId: this.#names.eventGroup(group), topics, handle: (message) => events.take(message), onAssigned });
    this.#groups.set(group, { events, intake, ...(positions && { positions }) });
  }
  /** Of this instance alone: it hears everything from its start on. */
  #liveIntake(group: string, topics: readonly string[], positions: LivePositions, { events, onAssigned }: { readonly events: EventGroup; readonly onAssigned: (assignment: Assignment) => Promise<void> }): Intake {
    this.#transport.readsLive(positions, topics);
    return this.#transport.intake({
      groupId: this.#names.liveGroup(group, this.#options.instance), topics, startAt: (topic, partition) => positions.startAt(topic, partition), onAssigned,
      handle: (message) => {
        positions.passed(message); // what was taken is finished, also when the term ends meanwhile
        return events.take(message);
      },
    });
  }

  async readPublished(context: string, stream: string, fromPub: number, max: number): Promise<readonly EventMessage[]> {
    const own = this.#owners.get(context);
    if (own) return (await own(stream, fromPub, max)).map((event) => frozenCopy(event as never) as unknown as EventMessage);
    const events: EventMessage[] = [];
    for (let more = true; more && events.length < max; ) {
      const from = (events.at(-1)?.pub ?? fromPub - 1) + 1;
      const page = await this.#question(context, { stream, fromPub: from, max: max - events.length });
      events.push(...page.events);
      more = page.more && page.events.length > 0;
    }
    return events;
  }
  async #question(context: string, question: { stream: string; fromPub: number; max: number }): Promise<{ events: readonly EventMessage[]; more: boolean }> {
    const { namespace, keys, clock } = this.#options;
    const topic = this.#names.commands(context);
    const unavailable = (cause?: unknown): Fault => new Fault('OWNER_UNAVAILABLE', `the owner of ${context} does not answer`, true, { cause });
    if (await this.#transport.isMissing(topic)) throw unavailable();
    const reply = await this.#transport.awaited.ask(context, QUESTION_MS, (ask) =>
      this.#transport.commands.send(topic, signed(keys, topic, writeQuestion(namespace, keys.service, question, { ...this.#return(ask), at: clock.now() })), QUESTION_MS),
    ).catch((error: unknown) => {
      throw unavailable(error);
    });
    if ('events' in reply) return reply;
    throw unavailable('fault' in reply ? new Fault(reply.fault.code, reply.fault.message, reply.fault.retryable) : undefined);
  }

  readonly parking: Parking = {
    list: (options) => this.#options.parked.list(options),
    count: () => this.#options.parked.count(),
    retry: async (id) => this.#retry(await this.#known(id)),
    drop: async (id) => this.#drop(await this.#known(id)),
  };
  async #known(id: string): Promise<ParkedMessage> {
    const message = await this.#options.parked.get(id);
    if (!message) throw new Fault('NOT_PARKED', `no message ${id} is parked`, false);
    return message;
  }
  async #retry(message: ParkedMessage): Promise<Retried> {
    if (message.group === FORGED) throw new Fault('FORGED_COMMAND', 'a forged command is never handled; it can only be dropped', false);
    if (message.group !== COMMANDS) return this.#group(message).retry(message);
    await this.#checkOwner(message);
    return this.#desk.retry(message);
  }
  async #drop(message: ParkedMessage): Promise<Retried> {
    if (message.group !== COMMANDS && message.group !== FORGED) return this.#group(message).drop(message);
    if (message.group === COMMANDS && 'body' in (message.message as object)) await this.#checkOwner(message);
    await this.#desk.forget(message.id, message.target);
    return { handled: 0 };
  }
  #group({ group }: ParkedMessage): EventGroup {
    const known = this.#groups.get(group);
    if (!known) throw new Fault('OWNER_UNAVAILABLE', `no consumer calls itself ${group} here`);
    return known.events;
  }
  /** A command is released where it would be handled, for only there it is known to be parked. */
  async #checkOwner({ message }: ParkedMessage): Promise<void> {
    const { target, key, body } = message as unknown as CommandMessage;
    if (body === undefined) throw new Fault('MESSAGE_UNREADABLE', 'the message is no command; it can only be dropped', false);
    const topic = this.#names.commands(target);
    const partitions = (await this.#transport.directory.partitionsOf(topic)) ?? 1;
    const ours = this.#commands.get(target)?.assignment[topic]?.includes(partitionFor(key, partitions));
    if (!ours) throw new Fault('NOT_THE_OWNER', `another instance has the partition of ${key}`);
  }

  async start(): Promise<void> {
    const intakes = [...this.#intakes()];
    await this.#transport.open({ topics: intakes.flatMap(({ topics }) => topics), groups: intakes.filter((intake) => !this.#isLive(intake)).map(({ groupId }) => groupId) }, () => this.#stopping !== undefined);
    if (this.#stopping) return;
    this.#isStarted = true;
    await Promise.all([...this.#intakes()].map((intake) => intake.start()));
    this.#transport.watch({
      shared: () => [...this.#intakes()].filter((intake) => !this.#isLive(intake)),
      live: [...this.#groups.values()].flatMap(({ intake, positions }) => (positions ? [{ intake, positions }] : [])),
    });
    this.#started.resolve();
  }
  *#intakes(): Iterable<Intake> {
    yield* this.#commands.values();
    for (const { intake } of this.#groups.values()) yield intake;
  }

  load(): CommandLoad {
    return this.#desk.load();
  }
  health(): BusHealth {
    const problems = [...this.#transport.problems(), ...[...this.#intakes()].flatMap(({ problem }) => problem ?? [])];
    return { ready: this.#isStarted && !this.#stopping && problems.length === 0, problems: problems.map(({ code, message }) => ({ code, message })), forged: this.#forged.count };
  }
  async lag(): Promise<Readonly<Record<string, number>>> {
    const shared = [...this.#intakes()].filter((intake) => !this.#isLive(intake)).map(async ({ groupId, topics }) => [groupId, totalLag(await this.#transport.lagsOf(groupId, topics))] as const);
    // A name that outlives this instance, as figures want it.
    const own = [...this.#groups].map(async ([group, { intake, positions }]) => (positions ? [[this.#names.eventGroup(group), totalLag(await this.#transport.liveLags(intake, positions))] as const] : []));
    return Object.fromEntries([...await Promise.all(shared), ...(await Promise.all(own)).flat()]);
  }
  /** What commits nothing has no lag that others could look up, and nothing that a watchdog could see. */
  #isLive(intake: Intake): boolean {
    return [...this.#groups.values()].some((group) => group.intake === intake && group.positions !== undefined);
  }
  async caughtUp(): Promise<void> {
    const { clock, log } = this.#options;
    const behind = async (): Promise<boolean> => Object.values(await this.lag()).some((lag) => lag > 0);
    const notKnown = (error: unknown): true => {
      log.debug({ error: String(error) }, 'the lag cannot be looked up just now'); // e.g. leaders move
      return true;
    };
    while (await behind().catch(notKnown)) await clock.sleep(CAUGHT_UP_POLL_MS);
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }
  async #stop(): Promise<void> {
    const { clock } = this.#options;
    this.#started.resolve();
    // Our own questions may need our own commands handled; so they end first, in bounded time.
    await within(clock, DRAIN_MS, Promise.allSettled([this.#transport.awaited.idle(), ...this.#publishing]));
    await Promise.all([...this.#intakes()].map((intake) => intake.stop()));
    await Promise.all([...this.#groups.values()].map(({ events }) => events.stop()));
    await within(clock, DRAIN_MS, this.#desk.stop());
    await this.#transport.close();
  }
}

type Group = { readonly events: EventGroup; readonly intake: Intake; /** Of one that this instance is by itself. */ readonly positions?: LivePositions };

const topicMissing = (topic: string): Fault => new Fault('TOPICS_MISSING', `there is no topic ${topic}: run \`vouchsafe topics apply\``);
