import { setTimeout as pause } from 'node:timers/promises';
import { Fault } from '@vouchsafe/kernel';
import type { Admin } from 'kafkajs';

const PATIENCE_MS = 15_000;
const POLL_MS = 50;

/** Asks until the answer is empty: what was changed is not known everywhere at once. */
export const awaitNone = async (what: string, left: () => Promise<readonly string[]>): Promise<void> => {
  for (const end = Date.now() + PATIENCE_MS; ; await pause(POLL_MS)) {
    const missing = await left();
    if (missing.length === 0) return;
    if (Date.now() > end) throw new Fault('TOPICS_NOT_READY', `${what} after ${PATIENCE_MS} ms: ${missing.join(', ')}`);
  }
};

/** Until the brokers tell of every topic, with a leader for each of its (at least `partitions`) partitions. */
export const awaitTopics = async (admin: Admin, wanted: readonly { readonly name: string; readonly partitions: number }[]): Promise<void> => {
  await awaitNone('made, but without leaders', async () => {
    const { topics } = await admin.fetchTopicMetadata().catch(() => ({ topics: [] })); // asked again, within our patience
    const led = new Map(topics.map(({ name, partitions }) => [name, partitions.filter(({ leader }) => leader >= 0).length]));
    return wanted.filter(({ name, partitions }) => (led.get(name) ?? 0) < partitions).map(({ name }) => name);
  });
};
