// How unevenly keys fall on partitions, by the partitioner of Java's client (murmur2), which ours is too. Simulates what docs/scaling.md
// speaks of: many even keys (orders), and few hot ones (pools of products in demand), whole or in shards.
//   node scripts/key-skew.mjs [--partitions 6,12,24,48] [--consumers 6] [--products 1000] [--zipf 1.1] [--orders 200000] [--seed 1] [--json]
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: {
  partitions: { type: 'string', default: '6,12,24,48' }, consumers: { type: 'string', default: '6' }, products: { type: 'string', default: '1000' },
  zipf: { type: 'string', default: '1.1' }, orders: { type: 'string', default: '200000' }, seed: { type: 'string', default: '1' }, json: { type: 'boolean', default: false },
} });
const whole = (name) => {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value > 0) return value;
  console.error(`--${name}: a whole number above 0`);
  process.exit(64);
};
const [consumers, products, orders, seed] = ['consumers', 'products', 'orders', 'seed'].map(whole);
const zipf = Number(values.zipf);
const partitionCounts = values.partitions.split(',').map(Number);
if (!(zipf >= 0) || !partitionCounts.every((count) => Number.isSafeInteger(count) && count > 0)) {
  console.error('--zipf: a number from 0; --partitions: whole numbers above 0, separated by commas');
  process.exit(64);
}

/** org.apache.kafka.common.utils.Utils.murmur2, a signed 32-bit number. */
export const murmur2 = (bytes) => {
  const M = 0x5bd1e995;
  let h = 0x9747b28c ^ bytes.length;
  const words = bytes.length >> 2;
  for (let i = 0; i < words; i++) {
    let k = bytes.readInt32LE(i * 4);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    h = Math.imul(h, M) ^ Math.imul(k, M);
  }
  const rest = words * 4;
  switch (bytes.length & 3) {
    case 3: h ^= bytes[rest + 2] << 16; // falls through
    case 2: h ^= bytes[rest + 1] << 8; // falls through
    case 1: h = Math.imul(h ^ bytes[rest], M);
  }
  h ^= h >>> 13;
  h = Math.imul(h, M);
  return h ^ (h >>> 15);
};
const partitionOf = (key, count) => (murmur2(Buffer.from(key)) & 0x7fffffff) % count;

// The vectors of Kafka's own UtilsTest: a wrong hash would make every figure below a lie.
const VECTORS = { 21: -973932308, foobar: -790332482, 'a-little-bit-long-string': -985981536, 'a-little-bit-longer-string': -1486304829, lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971, abc: 479470107 };
for (const [text, expected] of Object.entries(VECTORS)) {
  if (murmur2(Buffer.from(text)) !== expected) throw new Error(`murmur2(${text}) is ${murmur2(Buffer.from(text))}, Java's is ${expected}`);
}

/** mulberry32: the same figures for the same seed. */
const randomOf = (from) => {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};
const hex = (random, digits) => Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');
const orderId = (random) => `order-ord_${hex(random, 8)}-${hex(random, 4)}-5${hex(random, 3)}-${hex(random, 4)}-${hex(random, 12)}`;

/** Load by partition, then by consumer (range assignment, as kafkajs's round robin over one topic comes out), as busiest ÷ mean. */
const skew = (loads) => {
  const byConsumer = Array.from({ length: Math.min(consumers, loads.length) }, () => 0);
  loads.forEach((load, partition) => (byConsumer[partition % byConsumer.length] += load));
  const over = (list) => Math.max(...list) / (list.reduce((sum, each) => sum + each, 0) / list.length);
  return { partition: over(loads), consumer: over(byConsumer) };
};

/** Share of orders by product, the most wanted first: 1 ÷ rank^zipf. */
const weights = Array.from({ length: products }, (_, i) => 1 / (i + 1) ** zipf);
const sum = weights.reduce((total, each) => total + each, 0);
const shares = weights.map((weight) => weight / sum);

const ofOrders = (count) => {
  const random = randomOf(seed);
  const loads = Array.from({ length: count }, () => 0);
  for (let i = 0; i < orders; i++) loads[partitionOf(orderId(random), count)]++;
  return skew(loads);
};
const ofPools = (count, shardsOf) => {
  const random = randomOf(seed);
  const loads = Array.from({ length: count }, () => 0);
  shares.forEach((share, rank) => {
    const id = hex(random, 12);
    const shards = shardsOf(rank);
    for (let shard = 0; shard < shards; shard++) loads[partitionOf(`pool-prd_${id}_${shard}`, count)] += share / shards;
  });
  return skew(loads);
};

const HOT = 5;
const CASES = [
  ['orders', `${orders} order ids`, ofOrders],
  ['pools', `${products} pools, zipf ${zipf}`, (count) => ofPools(count, () => 1)],
  ['pools, hot ones in 4 shards', `the ${HOT} most wanted in 4 shards`, (count) => ofPools(count, (rank) => (rank < HOT ? 4 : 1))],
  ['pools, hot ones in 16 shards', `the ${HOT} most wanted in 16 shards`, (count) => ofPools(count, (rank) => (rank < HOT ? 16 : 1))],
];
const rows = CASES.flatMap(([name, , work]) => partitionCounts.map((partitions) => ({ keys: name, partitions, ...work(partitions) })));
if (values.json) {
  console.log(JSON.stringify({ seed, consumers, products, zipf, hottest: shares[0], rows }));
} else {
  console.log(`the most wanted product takes ${(shares[0] * 100).toFixed(1)} % of all orders; ${consumers} consumers; busiest ÷ mean:`);
  console.log(`${'keys'.padEnd(32)}${'partitions'.padStart(10)}${'partition'.padStart(12)}${'consumer'.padStart(12)}`);
  for (const { keys, partitions, partition, consumer } of rows) console.log(`${keys.padEnd(32)}${String(partitions).padStart(10)}${partition.toFixed(2).padStart(12)}${consumer.toFixed(2).padStart(12)}`);
}
