import { Fault, instant } from '@vouchsafe/kernel';
import { silentLog, simulatedClock, systemClock } from '@vouchsafe/runtime';
import type { Assignment } from './intake.js';
import type { PartitionLag } from './lag.js';
import { startWatchdog } from './watchdog.js';

/** Restarts of one consumer that has partition 0 of a topic, as its lag goes from look to look. */
const restartsOver = async (looks: number, lagsAt: (look: number) => readonly PartitionLag[], more: { readonly assignment?: Assignment; readonly isAlone?: boolean; readonly lost?: Fault } = {}): Promise<number> => {
  const clock = simulatedClock(instant(0));
  let [look, restarts] = [0, 0];
  const dog = startWatchdog({
    watched: () => [{ groupId: 'g', topics: ['t'], assignment: { t: [0] }, ...more, restart: () => void restarts++ }],
    lagsOf: async () => lagsAt(look++), stalledMs: 60_000, everyMs: 10_000, clock, log: silentLog,
  });
  await clock.until(clock.sleep(looks * 10_000 + 1));
  await clock.until(dog.stop());
  return restarts;
};
const at = (partition: number, lag: number, committed: number): PartitionLag => ({ topic: 't', partition, lag, committed });

describe('the watchdog', () => {
  it('begins a consumer anew that is behind and commits nothing for a minute, and again after another', async () => {
    expect(await restartsOver(7, () => [at(0, 5, 10)])).toBe(1);
    expect(await restartsOver(14, (look) => [at(0, 5 + look, 10)])).toBe(2);
  });
  it('leaves those alone that get on, or have nothing to do', async () => {
    expect(await restartsOver(30, (look) => [at(0, 1000, look)])).toBe(0);
    expect(await restartsOver(30, () => [at(0, 0, 10)])).toBe(0);
  });
  it('is not deceived by another partition that gets on, nor blames for one that another instance has', async () => {
    expect(await restartsOver(8, (look) => [at(0, 5, 10), at(1, 5, look)])).toBe(1);
    expect(await restartsOver(30, () => [at(0, 0, 10), at(1, 5, 10)])).toBe(0);
  });
  it('begins anew who is alone in its group and has lost its partitions; of a group others may have them', async () => {
    expect(await restartsOver(8, () => [at(0, 5, 10)], { assignment: {}, isAlone: true })).toBe(1);
    expect(await restartsOver(30, () => [at(0, 5, 10)], { assignment: {} })).toBe(0);
  });
  it('begins anew who has lost its partitions in a rebalance that did not end, at once and however far behind it is', async () => {
    const lost = new Fault('CONSUMER_WITHOUT_PARTITIONS', 'g: a rebalance began 31 s ago and has not ended');
    expect(await restartsOver(1, () => [], { assignment: {}, lost })).toBe(1);
  });
  it('goes on when the lag cannot be looked up for a while', async () => {
    expect(await restartsOver(12, (look) => {
      if (look < 3) throw new Error('no broker');
      return [at(0, 5, 10)];
    })).toBe(1);
  });
  it('ends when it is told to, also where there is nothing to watch', async () => {
    const looks = { count: 0 };
    // Would it go on for ever, it would do so without a turn of the event loop: no test could end it but by this.
    const sleep = async (): Promise<void> => {
      if (++looks.count > 10) throw new Error('it goes on');
    };
    const clock = { ...systemClock(), sleep: (ms: number, signal?: AbortSignal) => (signal?.aborted ? sleep() : systemClock().sleep(ms, signal)) };
    const dog = startWatchdog({ watched: () => [], lagsOf: async () => [], stalledMs: 1_000, everyMs: 1_000, clock, log: silentLog });
    await dog.stop();
    expect(looks.count).toBe(0);
  });
});
