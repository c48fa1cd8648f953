import { Fault } from '@vouchsafe/kernel';
import type { Admin } from 'kafkajs';
import { type KafkaClient, kafkaClient } from './client.js';
import { Intake, type IntakeOptions } from './intake/intake.js';
import { lagsOf, type PartitionLag } from './intake/lag.js';
import type { LivePositions } from './intake/live-positions.js';
import { startWatchdog, type Watched, type WatchdogOptions } from './intake/watchdog.js';
import type { KafkaBusOptions } from './options.js';
import { Lane } from './lane/lane.js';
import { Replies } from './replies.js';
import { clientIdOf, strangersIn } from './strangers.js';
import { TopicDirectory } from './topics/directory.js';
import { within } from './within.js';
import type { Names } from './topics/names.js';

const SESSION_MS = 10_000;
const STALLED_MS = 60_000;
/** Taking an answer is a matter of a moment, and until it is taken everybody who asked waits. */
const ANSWERS_STALLED_MS = 10_000;
const OPEN_RETRY_MS = 1000;
const CLOSE_MS = 3000;

/** Somebody who begins at the present end of its topics, and where it stands. */
export type LiveReader = { readonly intake: Intake; readonly positions: LivePositions };

/** Connections of one bus: an admin client, a lane for each kind of message, and what comes back to us. */
export class Transport {
  readonly events: Lane;
  readonly commands: Lane;
  readonly replies: Lane;
  /** Questions of ours and their answers. */
  readonly awaited: Replies;
  readonly directory: TopicDirectory;
  readonly #options: KafkaBusOptions;
  readonly #client: KafkaClient;
  readonly #admin: Admin;
  readonly #replyTopic: string;
  readonly #replyIntake: Intake;
  readonly #live = new Map<LivePositions, readonly string[]>();
  readonly #watchdogs: { stop(): Promise<void> }[] = [];
  #strangers: Fault | undefined;
  #opening: unknown = new Fault('BUS_STARTING', 'the bus is not connected yet');

  constructor(options: KafkaBusOptions, names: Names) {
    const { connection, keys, instance, requestTimeoutMs, clock, log } = options;
    this.#options = options;
    this.#client = kafkaClient({ connection, clientId: clientIdOf(keys.service, options.deployment), log, ...(requestTimeoutMs !== undefined && { requestTimeoutMs }) });
    this.#admin = this.#client.admin();
    this.directory = new TopicDirectory(this.#admin, clock);
    this.events = this.#lane('events');
    this.commands = this.#lane('commands');
    this.replies = this.#lane('replies');
    this.awaited = new Replies({ instance, keys, clock, log });
    this.#replyTopic = names.replies(keys.service);
    this.#replyIntake = this.intake({
      groupId: names.replyGroup(keys.service, instance), topics: [this.#replyTopic],
      startAt: (topic, partition) => this.awaited.positions.startAt(topic, partition), handle: async (message) => this.awaited.take(message),
    });
  }

  #lane(name: string): Lane {
    const { compression = 'gzip', clock, log } = this.#options;
    return new Lane({
      name, compression, clock, log,
      connect: (createPartitioner) => this.#client.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false, createPartitioner }),
    });
  }

  intake(more: Pick<IntakeOptions, 'groupId' | 'topics' | 'handle' | 'onAssigned' | 'startAt'>): Intake {
    const { sessionTimeoutMs = SESSION_MS, clock, log } = this.#options;
    return new Intake({ ...more, sessionTimeoutMs, clock, log, connect: (config) => this.#client.consumer(config) });
  }

  async isMissing(topic: string): Promise<boolean> {
    return (await this.directory.partitionsOf(topic)) === undefined;
  }
  /** Fault `TOPICS_MISSING` or `TOPICS_TOO_SMALL`, which names all that are wrong. */
  async #check(topics: readonly string[]): Promise<void> {
    const missing: string[] = [];
    for (const topic of topics) if (await this.isMissing(topic)) missing.push(topic);
    if (missing.length > 0) throw new Fault('TOPICS_MISSING', `${missing.join(', ')}: run \`vouchsafe topics apply\``);
    const { replicas = 1 } = this.#options;
    const small = topics.filter((topic) => (this.directory.replicasOf(topic) ?? 0) < replicas);
    if (small.length > 0) throw new Fault('TOPICS_TOO_SMALL', `fewer than ${replicas} replicas: ${small.join(', ')}; see \`vouchsafe topics apply --dry-run\``);
  }
  lagsOf(groupId: string, topics: readonly string[]): Promise<readonly PartitionLag[]> {
    return lagsOf(this.#admin, groupId, topics);
  }
  liveLags(intake: Intake, positions: LivePositions): Promise<readonly PartitionLag[]> {
    return positions.lags(this.#admin, intake);
  }
  /** Of a reader that begins at the present end of its topics, which is looked up before anything else begins. */
  readsLive(positions: LivePositions, topics: readonly string[]): void {
    this.#live.set(positions, topics);
  }

  /** Whether another deployment has joined our groups; looked for at the start, and again and again, for both may begin at once. */
  async lookForStrangers(groups: readonly string[]): Promise<void> {
    const { deployment } = this.#options;
    if (deployment !== undefined) this.#strangers = await strangersIn(this.#admin, groups, deployment);
  }

  /** Connects, however long the brokers or topics are absent; what is wrong meanwhile is in {@link problems}. */
  async open({ topics, groups }: { readonly topics: readonly string[]; readonly groups: readonly string[] }, given: () => boolean): Promise<void> {
    const { clock, log } = this.#options;
    while (!given()) {
      try {
        await this.#admin.connect();
        await this.#check([this.#replyTopic, ...topics]);
        await this.lookForStrangers(groups);
        if (this.#strangers) throw this.#strangers;
        await this.awaited.positions.lookUpEnds(this.#admin, [this.#replyTopic]);
        for (const [positions, of] of this.#live) await positions.lookUpEnds(this.#admin, of);
        await Promise.all([this.#replyIntake.start(), this.events.open(), this.commands.open(), this.replies.open()]);
        this.#opening = undefined;
        return;
      } catch (error) {
        this.#opening = error;
        log.error({ error: String(error) }, 'the bus cannot begin yet; it tries again');
        await clock.sleep(OPEN_RETRY_MS);
      }
    }
  }

  /** `live`: those that commit nothing; so how far they are they say themselves, as the reader of answers does. */
  watch({ shared, live }: { readonly shared: () => readonly Intake[]; readonly live: readonly LiveReader[] }): void {
    const { stalledMs = STALLED_MS } = this.#options;
    this.#watch(stalledMs, { watched: shared, alsoLook: () => this.lookForStrangers(shared().map(({ groupId }) => groupId)), lagsOf: (groupId, topics) => this.lagsOf(groupId, topics) });
    for (const { intake, positions } of live) this.#watchAlone(intake, positions, stalledMs);
    this.#watchAlone(this.#replyIntake, this.awaited.positions, Math.min(stalledMs, ANSWERS_STALLED_MS));
  }
  #watchAlone(intake: Intake, positions: LivePositions, stalledMs: number): void {
    const watched: Watched = {
      groupId: intake.groupId, topics: intake.topics, assignment: {}, isAlone: true, restart: (reason) => intake.restart(reason),
      get lost() {
        return intake.lost;
      },
    };
    this.#watch(stalledMs, { watched: () => [watched], lagsOf: () => this.liveLags(intake, positions) });
  }
  #watch(stalledMs: number, what: Pick<WatchdogOptions, 'watched' | 'lagsOf' | 'alsoLook'>): void {
    const { clock, log } = this.#options;
    this.#watchdogs.push(startWatchdog({ ...what, stalledMs, everyMs: Math.max(100, stalledMs / 6), clock, log }));
  }

  problems(): readonly Fault[] {
    const lanes = [this.events, this.commands, this.replies].flatMap(({ failing }) => (failing === undefined ? [] : [asFault('PRODUCER_FAILING', failing)]));
    const strangers = this.#opening === undefined && this.#strangers ? [this.#strangers] : [];
    return [...(this.#opening === undefined ? [] : [asFault('KAFKA_UNAVAILABLE', this.#opening)]), ...strangers, ...lanes, ...(this.#replyIntake.problem ? [this.#replyIntake.problem] : [])];
  }

  async close(): Promise<void> {
    await Promise.all(this.#watchdogs.map((watchdog) => watchdog.stop()));
    await Promise.all([this.events.stop(), this.commands.stop(), this.replies.stop()]);
    await this.#replyIntake.stop();
    await within(this.#options.clock, CLOSE_MS, this.#admin.disconnect());
  }
}

const asFault = (code: string, error: unknown): Fault => (error instanceof Fault ? error : new Fault(code, String(error), true, { cause: error }));
