import { setTimeout as pause } from 'node:timers/promises';
import { silentLog, systemClock } from '@vouchsafe/runtime';
import type { ICustomPartitioner, Message, PartitionMetadata, Producer, ProducerBatch, RecordMetadata } from 'kafkajs';
import type { Outgoing } from '../wire.js';
import { Lane } from './lane.js';
import { partitionFor } from './partitioner.js';

/** A producer whose sends go as a test says; it partitions as the real one does. */
class FakeProducer {
  readonly batches: string[][] = [];
  underWay = 0;
  mostUnderWay = 0;
  producers = 0;
  /** What becomes of each send in turn; the last one goes on. */
  fates: ((answers: RecordMetadata[]) => RecordMetadata[])[] = [(answers) => answers];

  connect(create: ICustomPartitioner): Producer {
    this.producers++;
    const choose = create();
    const partitionMetadata: PartitionMetadata[] = [0, 1].map((partitionId) => ({ partitionErrorCode: 0, partitionId, leader: 0, replicas: [], isr: [] }));
    const sendBatch = async ({ topicMessages = [] }: ProducerBatch): Promise<RecordMetadata[]> => {
      this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
      await pause(2);
      this.underWay--;
      const answers = topicMessages.flatMap(({ topic, messages }) => messages.map((message: Message) => ({ topicName: topic, partition: choose({ topic, partitionMetadata, message }), errorCode: 0 })));
      const fate = this.fates.length > 1 ? this.fates.shift()! : this.fates[0]!;
      const acknowledged = fate(answers);
      this.batches.push(topicMessages.flatMap(({ topic, messages }) => messages.map((message) => `${topic} ${String(message.value)}`)));
      return acknowledged;
    };
    return { connect: async () => {}, disconnect: async () => {}, sendBatch } as Partial<Producer> as Producer;
  }
}
const message = (key: string, value: string): Outgoing => ({ key, value, headers: {} });
const failing = (type: string) => (): never => {
  throw Object.assign(new Error(type), { type });
};

describe('a lane of messages', () => {
  const fake = (): { producer: FakeProducer; lane: Lane } => {
    const producer = new FakeProducer();
    return { producer, lane: new Lane({ name: 'events', compression: 'gzip', clock: systemClock(), log: silentLog, connect: (create) => producer.connect(create) }) };
  };

  it('has one batch under way, and what comes meanwhile gathers for the next', async () => {
    const { producer, lane } = fake();
    const first = lane.send('t', message('a', '1'));
    await pause(1);
    await Promise.all([first, ...[2, 3, 4].map((n) => lane.send('t', message('a', String(n))))]);
    expect(producer.batches).toEqual([['t 1'], ['t 2', 't 3', 't 4']]);
    expect(producer.mostUnderWay).toBe(1);
  });

  it('forgets nothing that comes in the very moment it falls idle', async () => {
    const { producer, lane } = fake();
    for (let turns = 0; turns < 30; turns++) {
      await lane.send('t', message('a', 'before'));
      for (let i = 0; i < turns; i++) await Promise.resolve();
      await Promise.race([lane.send('t', message('a', 'after')), pause(1000).then(() => Promise.reject(new Error(`forgotten after ${turns} turns`)))]);
    }
    expect(producer.batches.flat()).toHaveLength(60);
  });

  it('sends again what a falling leader did not acknowledge, although the client calls the batch sent', async () => {
    const { producer, lane } = fake();
    const [zero, one] = ['k0', 'k1', 'k2', 'k3', 'k4', 'k5'].reduce<[string[], string[]]>((by, key) => (by[partitionFor(key, 2)]!.push(key), by), [[], []]);
    producer.fates = [(answers) => answers.filter(({ partition }) => partition === 0), (answers) => answers];
    await Promise.all([lane.send('t', message(zero[0]!, 'kept')), lane.send('t', message(one[0]!, 'lost'))]);
    expect(producer.batches).toEqual([['t kept', 't lost'], ['t lost']]);
  });

  it('keeps the order over a failure, with a fresh producer', async () => {
    const { producer, lane } = fake();
    producer.fates = [failing('OUT_OF_ORDER_SEQUENCE_NUMBER'), (answers) => answers];
    await Promise.all([1, 2].map((n) => lane.send('t', message('a', String(n)))));
    await lane.send('t', message('a', '3'));
    expect([producer.batches.flat(), producer.producers]).toEqual([['t 1', 't 2', 't 3'], 2]);
    expect(lane.failing).toBeUndefined();
  });

  it('a topic that is refused holds up no other', async () => {
    const { producer, lane } = fake();
    producer.fates = [failing('UNKNOWN_TOPIC_OR_PARTITION'), failing('UNKNOWN_TOPIC_OR_PARTITION'), (answers) => answers];
    const missing = lane.send('missing', message('a', '1'));
    const there = lane.send('there', message('a', '2'));
    await expect(missing).rejects.toMatchObject({ name: 'Fault', code: 'TOPIC_MISSING' });
    await there;
    expect(producer.batches).toEqual([['there 2']]);
  });

  it('one message that is refused holds up none behind it', async () => {
    const { producer, lane } = fake();
    producer.fates = [failing('MESSAGE_TOO_LARGE'), failing('MESSAGE_TOO_LARGE'), (answers) => answers];
    const [bad, good] = [lane.send('t', message('a', 'bad')), lane.send('t', message('a', 'good'))];
    await expect(bad).rejects.toMatchObject({ name: 'Fault', code: 'MESSAGE_REFUSED', retryable: false });
    await good;
    await expect(lane.send('t', message('a', 'x'.repeat(1_000_000)))).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' });
  });

  it('sends no question whose asker has gone', async () => {
    const { producer, lane } = fake();
    producer.fates = [failing('NETWORK_EXCEPTION'), (answers) => answers];
    await expect(lane.send('t', message('a', 'late'), 1)).rejects.toMatchObject({ code: 'SILENT' });
    await lane.send('t', message('a', 'next'));
    expect(producer.batches).toEqual([['t next']]);
  });

  it('takes nothing more once stopped, and tells those it could not send', async () => {
    const { producer, lane } = fake();
    producer.fates = [failing('NETWORK_EXCEPTION')];
    const waiting = lane.send('t', message('a', '1'));
    const stopped = expect(waiting).rejects.toMatchObject({ code: 'BUS_STOPPED' });
    await pause(20);
    await lane.stop();
    await stopped;
    await expect(lane.send('t', message('a', '2'))).rejects.toMatchObject({ code: 'BUS_STOPPED' });
  });
});

describe('the partitioner', () => {
  it('puts keys where Java’s client does', () => {
    // murmur2 of Kafka's own UtilsTest; the client takes the hash without its sign, modulo the partitions.
    const hashes: readonly (readonly [string, number])[] = [
      ['21', -973932308], ['foobar', -790332482], ['a-little-bit-long-string', -985981536], ['a-little-bit-longer-string', -1486304829],
      ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971], ['abc', 479470107],
    ];
    for (const partitions of [2, 7, 12, 97]) for (const [key, hash] of hashes) expect([key, partitionFor(key, partitions)]).toEqual([key, (hash & 0x7fffffff) % partitions]);
  });
});
