// Measures the embedded log against bare appends of the same bytes, interleaved (A B A B …), and prints the medians.
// Build first (`npm run compile`), then: npx node libs/event-store/bench/log.mjs [--rounds 5] [--events 1000000]
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { openEmbeddedStore, START } from '@vouchsafe/event-store';
import { eventIdOf, nodeDisk, silentLog, systemClock } from '@vouchsafe/runtime';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' }, events: { type: 'string', default: '1000000' }, folder: { type: 'string', default: os.tmpdir() } } });
const rounds = Number(values.rounds);
const scanEvents = Number(values.events);
const folder = fs.mkdtempSync(path.join(values.folder, 'log-bench-'));
const clock = systemClock();
const open = (name) => openEmbeddedStore({ disk: nodeDisk(path.join(folder, name)), clock, log: silentLog, onFatal: (fault) => { throw fault; } });
const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
const seconds = async (work) => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};

// Canonical bytes of about 310 with the names and ids of a real event; ids made beforehand: what is measured is the store.
const data = { orderId: 'ord_6f3c1f6e-8a0b-4c55-b7d9-4d2f0c9a7e11', note: 'x'.repeat(30), quantity: 3 };
const ids = Array.from({ length: 4096 }, (_, i) => eventIdOf('bench', i));
let nextId = 0;
const anEvent = () => ({
  id: ids[nextId++ & 4095], type: 'inventory.VouchersReserved.v1', data, occurredAt: 1_760_000_000_000,
  correlation: 'ord_6f3c1f6e-8a0b-4c55-b7d9-4d2f0c9a7e11', causation: '6f3c1f6e-8a0b-4c55-b7d9-4d2f0c9a7e11', principal: 'pri_01hzy3k9c7e8f5w2a4b6d8m0q1',
});
let streams = 0;
const batch = (size) => ({ stream: `bench-${streams++}`, expected: -1, events: Array.from({ length: size }, anEvent) });

const storeBatches = async (store, size, count, callers) => {
  let left = count;
  const caller = async () => {
    while (left-- > 0) {
      const { position } = await store.append(batch(size));
      await store.durable(position);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
};

/** The same number of bytes and flushes with nothing around them: a file that grows, or one whose space was reserved before. */
const bareAppends = async (bytes, count, reserved) => {
  const disk = nodeDisk(folder);
  const file = await disk.open('bare', 'write');
  if (reserved) await file.allocate(bytes * count);
  const buffer = Buffer.alloc(bytes, 7);
  const took = await seconds(async () => {
    for (let i = 0; i < count; i++) {
      await file.write(buffer, i * bytes);
      await file.sync();
    }
  });
  await file.close();
  await disk.remove('bare');
  return took;
};

const compare = async (title, size, count, callers) => {
  const [ours, bare, reserved] = [[], [], []];
  const store = await open(title.replaceAll(/\W/g, '-'));
  await storeBatches(store, size, count >> 2, callers);
  for (let round = 0; round < rounds; round++) {
    const before = store.stats();
    ours.push((size * count) / (await seconds(() => storeBatches(store, size, count, callers))));
    const after = store.stats();
    const flushes = after.flushes - before.flushes;
    const bytes = Math.ceil((after.bytesWritten - before.bytesWritten) / flushes);
    bare.push((size * count) / (await bareAppends(bytes, flushes, false)));
    reserved.push((size * count) / (await bareAppends(bytes, flushes, true)));
  }
  await store.close();
  const ratio = (others) => median(ours.map((rate, i) => rate / others[i])).toFixed(2);
  const rate = (rates) => `${Math.round(median(rates)).toString().padStart(9)}/s`;
  console.log(`${title.padEnd(28)} ${rate(ours)}   bare append ${rate(bare)} ratio ${ratio(bare)}   into reserved space ${rate(reserved)} ratio ${ratio(reserved)}`);
};

const openings = async () => {
  let store = await open('scan');
  await storeBatches(store, 4, scanEvents / 4, 64);
  const { bytesWritten } = store.stats();
  await store.close();
  const took = [];
  for (let round = 0; round < 3; round++) {
    took.push(await seconds(async () => { store = await open('scan'); }));
    if (round < 2) await store.close();
  }
  console.log(`${'open'.padEnd(36)} ${median(took).toFixed(2)} s for ${scanEvents} events, ${(bytesWritten / 2 ** 20).toFixed(0)} MiB`);
  let seen = 0;
  const replayed = await seconds(async () => {
    for (let page = { next: START, atEnd: false }; !page.atEnd; ) {
      page = await store.readAll({ after: page.next, max: 512 });
      seen += page.events.length;
    }
  });
  console.log(`${'read all'.padEnd(36)} ${Math.round(seen / replayed).toString().padStart(9)}/s`);
  let parsed = 0;
  const parsing = await seconds(async () => {
    for (let page = { next: START, atEnd: false }; !page.atEnd; ) {
      page = await store.readAll({ after: page.next, max: 512 });
      for (const { data: { quantity } } of page.events) parsed += quantity;
    }
  });
  console.log(`${'read all and parse'.padEnd(36)} ${Math.round(seen / parsing).toString().padStart(9)}/s (${parsed})`);
  await store.close();
  fs.rmSync(path.join(folder, 'scan', 'directory'), { recursive: true });
  const rebuilding = await seconds(async () => { store = await open('scan'); });
  console.log(`${'open, directory made again'.padEnd(36)} ${rebuilding.toFixed(2)} s (${store.recovery.directoryRebuilt})`);
  await store.close();
};

try {
  await compare('256 a batch, 1 caller', 256, 1000, 1);
  await compare('256 a batch, 4 callers', 256, 2000, 4);
  await compare('single, 64 callers', 1, 100_000, 64);
  await compare('single, 1 caller', 1, 5_000, 1);
  await openings();
} finally {
  fs.rmSync(folder, { recursive: true });
}
