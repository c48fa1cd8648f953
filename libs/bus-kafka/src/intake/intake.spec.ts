import { EventEmitter } from 'node:events';
import { instant } from '@vouchsafe/kernel';
import { silentLog, simulatedClock } from '@vouchsafe/runtime';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import { Intake } from './intake.js';

type Batches = (payload: EachBatchPayload) => Promise<void>;

/** A client's consumer as the intake sees it: it tells what its group does, and hands over batches. */
class FakeConsumer {
  readonly #told = new EventEmitter();
  #take: Batches = async () => {};
  readonly events = { GROUP_JOIN: 'join', REBALANCING: 'rebalancing', CRASH: 'crash' } as const;
  /** Partition 0 of `t` is ours. */
  joins(): void {
    this.#told.emit('join', { payload: { memberAssignment: { t: [0] } } });
  }
  rebalances(): void {
    this.#told.emit('rebalancing', {});
  }
  /** One message of partition 0; whether it counts as taken. */
  async brings(offset: number): Promise<boolean> {
    const resolved: string[] = [];
    const message = { offset: String(offset), key: Buffer.from(`m${offset}`), value: null, headers: {} };
    const batch = { topic: 't', partition: 0, messages: [message], lastOffset: () => String(offset) };
    await this.#take({ batch, resolveOffset: (of: string) => resolved.push(of), isRunning: () => true, isStale: () => false, pause: () => () => {} } as unknown as EachBatchPayload);
    return resolved.length > 0;
  }
  on(event: string, listener: (event: object) => void): void {
    this.#told.on(event, listener);
  }
  async run({ eachBatch }: { readonly eachBatch: Batches }): Promise<void> {
    this.#take = eachBatch;
    this.joins();
  }
  paused(): [] {
    return [];
  }
  async connect(): Promise<void> {}
  async subscribe(): Promise<void> {}
  async commitOffsets(): Promise<void> {}
  async disconnect(): Promise<void> {}
  resume(): void {}
  pause(): void {}
  seek(): void {}
}

const begun = async () => {
  const clock = simulatedClock(instant(0));
  const [consumers, handled]: [FakeConsumer[], string[]] = [[], []];
  const intake = new Intake({
    groupId: 'g', topics: ['t'], sessionTimeoutMs: 10_000, handle: async ({ key }) => void handled.push(key), clock, log: silentLog,
    connect: () => {
      consumers.push(new FakeConsumer());
      return consumers.at(-1) as unknown as Consumer;
    },
  });
  await clock.until(intake.start());
  return { clock, consumers, handled, intake, now: () => consumers.at(-1)! };
};

describe('an intake', () => {
  it('takes messages of the partitions it was told of, before and after a rebalance', async () => {
    const { now, handled, intake } = await begun();
    expect(await now().brings(1)).toBe(true);
    now().rebalances();
    now().joins();
    expect(await now().brings(2)).toBe(true);
    expect([handled, intake.restarts]).toEqual([['m1', 'm2'], 0]);
  });

  it('begins anew when messages come although no partitions were told after a rebalance: it would drop them for ever', async () => {
    const { clock, consumers, handled, intake, now } = await begun();
    now().rebalances();
    expect(await now().brings(1)).toBe(false);
    await clock.until(clock.sleep(1_000));
    expect([consumers.length, intake.restarts, intake.assignment]).toEqual([2, 1, { t: [0] }]);
    expect(await now().brings(1)).toBe(true);
    expect(handled).toEqual(['m1']);
    expect(await consumers[0]!.brings(2)).toBe(false); // of one that is over
    expect(intake.restarts).toBe(1);
  });

  it('is lost when a rebalance does not end: that is told, and no more once it has partitions', async () => {
    const { clock, intake, now } = await begun();
    now().rebalances();
    await clock.until(clock.sleep(29_000));
    expect(intake.problem).toBeUndefined();
    await clock.until(clock.sleep(2_000));
    expect([intake.problem?.code, intake.problem?.message]).toEqual(['CONSUMER_WITHOUT_PARTITIONS', 'g: a rebalance began 31 s ago and has not ended']);
    now().joins();
    expect(intake.problem).toBeUndefined();
  });
});
