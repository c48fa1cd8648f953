import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import * as fc from 'fast-check';
import { Bloom } from './bloom.js';
import { HASH_BYTES } from './code-vault.js';
import { HashTable } from './hash-table.js';
import { Lookups } from './lookups.js';
import { inTransaction } from './sqlite.js';

const hashOf = (n: number): Uint8Array => createHash('sha256').update(String(n)).digest().subarray(0, HASH_BYTES);
const hashesOf = (from: number, to: number): Uint8Array => Buffer.concat(Array.from({ length: to - from }, (_, i) => hashOf(from + i)));
const sizes = { freshMax: 40, fanIn: 3, slice: 16 };
const aDatabase = (): DatabaseSync => {
  const db = new DatabaseSync(':memory:');
  db.exec('CREATE TABLE batches (no INTEGER PRIMARY KEY, status TEXT NOT NULL)');
  return db;
};

it('finds every entry and no other, whatever was written, merged, removed or started anew in between', async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('insert' as const), n: fc.integer({ min: 1, max: 60 }) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('tidy' as const), n: fc.integer({ min: 1, max: 400 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), n: fc.nat(3) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), n: fc.constant(0) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const db = aDatabase();
      let lookups = new Lookups(db, sizes);
      const model = new Map<number, number>();
      let next = 0;
      for (const { kind, n } of steps) {
        if (kind === 'insert') {
          inTransaction(db, () => {
            const batch = n % 4;
            lookups.insert(batch, next, hashesOf(next, next + n));
            for (let i = 0; i < n; i++, next++) model.set(next, batch);
            lookups.turnOver();
          });
        } else if (kind === 'tidy') await lookups.tidy(n);
        else if (kind === 'restart') lookups = new Lookups(db, sizes);
        else {
          const gone = [...model].filter(([, batch]) => batch === n);
          expect(lookups.removeBatch(n)).toBe(gone.length);
          for (const [key] of gone) model.delete(key);
        }
      }
      expect(lookups.size).toBeGreaterThanOrEqual(model.size); // a run's count may still hold what was removed from it
      for (let key = 0; key < next + 20; key++) {
        const batch = model.get(key);
        expect(lookups.find(hashOf(key))).toEqual(batch === undefined ? [] : [{ batch, row: key }]);
      }
    }),
    { numRuns: 60 },
  );
});

it('keeps the number of runs small: each code is rewritten a few times only', async () => {
  const db = aDatabase();
  const lookups = new Lookups(db, sizes);
  for (let i = 0; i < 3_000; i += 20) {
    inTransaction(db, () => {
      lookups.insert(1, i, hashesOf(i, i + 20));
      lookups.turnOver();
    });
    await lookups.tidy(160);
  }
  expect(lookups.size).toBe(3_000);
  expect(lookups.runCount).toBeLessThan(12);
});

it('drops what an aborted import left when runs are merged', async () => {
  const db = aDatabase();
  db.exec(`INSERT INTO batches VALUES (1, 'aborted'), (2, 'complete')`);
  const lookups = new Lookups(db, sizes);
  for (let i = 0; i < 6; i++) {
    inTransaction(db, () => {
      for (const half of [0, 1]) lookups.insert(1 + half, i * 40, hashesOf(i * 40 + half * 20, i * 40 + half * 20 + 20));
      lookups.turnOver();
    });
    await lookups.tidy(10_000);
  }
  expect(lookups.size).toBe(120);
});

it('the table in memory grows, overwrites and forgets', () => {
  const table = new HashTable(4);
  for (let i = 0; i < 500; i++) table.set(hashOf(i), 0, i % 3, i);
  table.set(hashOf(7), 0, 9, 70);
  expect([table.size, table.get(hashOf(7), 0), table.get(hashOf(501), 0)]).toEqual([500, { batch: 9, row: 70 }, undefined]);
  expect(table.entries(0, 128).length + table.entries(128, 256).length).toBe(500);
  table.removeBatch(0);
  expect(table.get(hashOf(3), 0)).toBeUndefined();
});

it('the filter never denies what it holds, and rarely claims what it does not', () => {
  const bloom = new Bloom(2_000);
  for (let i = 0; i < 2_000; i++) bloom.add(hashOf(i));
  for (let i = 0; i < 2_000; i++) expect(bloom.maybe(hashOf(i))).toBe(true);
  let claimed = 0;
  for (let i = 2_000; i < 12_000; i++) if (bloom.maybe(hashOf(i))) claimed++;
  expect(claimed).toBeLessThan(100);
});
