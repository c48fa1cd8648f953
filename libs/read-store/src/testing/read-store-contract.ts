import type { Position } from '@vouchsafe/event-store';
import fc from 'fast-check';
import type { Collection, CollectionSpec, Doc, Query, ReadStore, Scalar } from '../port.js';
import { type Fields, modelFind } from './query-model.js';

/** A store on the ground of one adapter. `reopen` closes it and opens it again on the same data; absent where nothing stays. */
export type ReadStoreUnderTest = { readonly store: ReadStore; reopen?(): Promise<ReadStore>; close(): Promise<void> };

type Card = { readonly owner?: string; readonly at?: number; readonly open?: boolean; readonly tags?: readonly string[]; readonly [other: string]: unknown };
const spec: CollectionSpec = {
  name: 'card',
  indexes: [{ fields: ['owner', 'at'] }, { fields: ['at'] }, { fields: ['open'] }, { fields: ['owner', 'tags'] }],
};

/** What every adapter of the {@link ReadStore} port must keep. Promises only what MongoDB can keep too. */
export const describeReadStoreContract = (name: string, make: () => Promise<ReadStoreUnderTest>): void => {
  describe(`read store contract: ${name}`, () => {
    let under: ReadStoreUnderTest;
    let store: ReadStore;
    let cards: Collection<Card>;
    beforeEach(async () => {
      under = await make();
      store = under.store;
      cards = await store.collection<Card>(spec);
    });
    afterEach(() => under.close());
    const put = (id: string, value: Card | undefined, revision = 0): Promise<void> => cards.write([{ id, value, revisions: { s: revision } }]);
    const idsOf = async (query: Query): Promise<string[]> => (await cards.find(query)).map(({ id }) => id);

    describe('documents', () => {
      it('come back with the revisions that made them', async () => {
        expect(await cards.get('a')).toBeUndefined();
        await cards.write([{ id: 'a', value: { owner: 'x', deep: { list: [1, null, { b: true }] } }, revisions: { s: 3, t: 0 } }]);
        expect(await cards.get('a')).toEqual({ id: 'a', value: { owner: 'x', deep: { list: [1, null, { b: true }] } }, revisions: { s: 3, t: 0 } });
      });

      it('keep whole numbers of any size, times, and zero apart from nothing', async () => {
        const value = {
          at: 1_767_225_600_123, sums: [0n, 1n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 10n ** 40n],
          numbers: [0, -1, 0.1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 1e-7], nothing: null, empty: '', none: [], record: {},
        };
        await put('a', value);
        expect((await cards.get('a'))?.value).toEqual(value);
      });

      it('keep any text, also in ids and as names of fields', async () => {
        const texts = ['饿了么外卖券', '👩‍👩‍👧 e\u0301', 'quote\' " ; -- %_\\', '\u0000 nul', '$n', '__proto__'];
        const value = Object.fromEntries(texts.map((text) => [text, { $n: '7', $set: text, 'a.b': 5n }]));
        for (const id of ['券_1', 'a\'; DROP TABLE collections; --', 'x/y z']) {
          await put(id, value);
          expect((await cards.get(id))?.value).toEqual(value);
          expect([...(await cards.getMany([id, id, 'absent'])).keys()]).toEqual([id]);
        }
      });

      it('are read many at once', async () => {
        const ids = Array.from({ length: 1500 }, (_, i) => `doc_${i}`);
        await cards.write(ids.map((id, at) => ({ id, value: { at }, revisions: { s: 0 } })));
        const many = await cards.getMany(ids);
        expect(many.size).toBe(1500);
        expect(many.get('doc_1499')?.value).toEqual({ at: 1499 });
        expect(await cards.count()).toBe(1500);
      });

      it('are refused where they could not come back as they were', async () => {
        await expect(put('a', { at: Number.NaN })).rejects.toThrow();
        await expect(put('a', { made: new Map() })).rejects.toThrow();
        await expect(put('a', { at: 5n as never })).rejects.toThrow('indexed');
        expect(await cards.get('a')).toBeUndefined();
      });
    });

    describe('a write', () => {
      it('counts only when a revision grows and none falls back', async () => {
        const write = (value: Card, revisions: Record<string, number>): Promise<void> => cards.write([{ id: 'a', value, revisions }]);
        const now = async (): Promise<unknown> => [(await cards.get('a'))?.value.at, (await cards.get('a'))?.revisions];
        await write({ at: 1 }, { s: 5 });
        await write({ at: 2 }, { s: 5 });
        await write({ at: 3 }, { s: 4 });
        expect(await now()).toEqual([1, { s: 5 }]);
        await write({ at: 4 }, { s: 5, t: 0 });
        expect(await now()).toEqual([4, { s: 5, t: 0 }]);
        await write({ at: 5 }, { s: 4, t: 9 });
        expect(await now()).toEqual([4, { s: 5, t: 0 }]);
        await write({ at: 6 }, { t: 1 });
        expect(await now()).toEqual([6, { s: 5, t: 1 }]);
        await cards.write([{ id: 'a', value: { at: 7 }, revisions: { log: 9 }, onlyRevisions: true }]);
        expect(await now()).toEqual([7, { log: 9 }]);
      });

      it('of several in one batch applies them in order, each by itself', async () => {
        await cards.write([
          { id: 'a', value: { at: 1 }, revisions: { s: 1 } }, { id: 'a', value: { at: 2 }, revisions: { s: 2 } },
          { id: 'a', value: { at: 0 }, revisions: { s: 0 } }, { id: 'b', value: { at: 9 }, revisions: { s: 0 } },
        ]);
        expect((await cards.get('a'))?.value).toEqual({ at: 2 });
        expect((await cards.get('b'))?.value).toEqual({ at: 9 });
      });

      it('wins with the newest revision however many write first at once', async () => {
        for (let round = 0; round < 40; round++) {
          const writers = [3, 0, 7, 2, 7, 5].map((revision) => put(`new_${round}`, { at: revision }, revision));
          await Promise.all(writers);
          expect((await cards.get(`new_${round}`))?.value.at).toBe(7);
        }
      });

      it('that deletes is not undone by an older one', async () => {
        await put('a', { at: 1, owner: 'x' }, 1);
        await put('a', undefined, 5);
        await put('a', { at: 3, owner: 'x' }, 3);
        expect(await cards.get('a')).toBeUndefined();
        expect(await cards.count()).toBe(0);
        expect(await idsOf({ where: { owner: 'x' }, limit: 10 })).toEqual([]);
        await put('never', undefined, 5);
        await put('never', { at: 1 }, 4);
        expect((await cards.getMany(['a', 'never'])).size).toBe(0);
        await put('a', { at: 6 }, 6);
        expect((await cards.get('a'))?.value).toEqual({ at: 6 });
        await put('a', undefined, 7);
        await cards.forgetDeleted();
        await put('a', { at: 1 }, 0);
        expect((await cards.get('a'))?.revisions).toEqual({ s: 0 });
      });
    });

    describe('a query', () => {
      it('tells strings, numbers and truth apart', async () => {
        await put('text', { owner: '1', open: true });
        await put('yes', { owner: 'true', open: true, at: 1 });
        await put('no', { open: false, at: 0 });
        await put('none', { owner: '' });
        expect(await idsOf({ where: { open: true }, limit: 9 })).toEqual(['text', 'yes']);
        expect(await idsOf({ where: { at: true }, limit: 9 })).toEqual([]);
        expect(await idsOf({ where: { at: 1 }, limit: 9 })).toEqual(['yes']);
        expect(await idsOf({ where: { owner: 1 }, limit: 9 })).toEqual([]);
        expect(await idsOf({ where: { owner: { in: ['', '1', 'x'] } }, limit: 9 })).toEqual(['none', 'text']);
        expect(await idsOf({ where: { owner: { in: [] } }, limit: 9 })).toEqual([]);
        expect(await idsOf({ where: { owner: undefined, at: { gte: 0 } }, limit: 9 })).toEqual(['no', 'yes']);
        expect(await cards.count({ open: { in: [true, false] } })).toBe(3);
      });

      it('keeps a range within one kind of value', async () => {
        await put('n', { owner: 5 as never });
        await put('s', { owner: 'a' });
        await put('t', { owner: true as never });
        await put('u', {});
        expect(await idsOf({ where: { owner: { gte: 0 } }, limit: 9 })).toEqual(['n']);
        expect(await idsOf({ where: { owner: { gte: '' } }, limit: 9 })).toEqual(['s']);
        expect(await idsOf({ where: { owner: { lte: 'zzz' } }, limit: 9 })).toEqual(['s']);
        expect(await idsOf({ where: { owner: { gt: 5 } }, limit: 9 })).toEqual([]);
        expect(await idsOf({ where: { owner: { gte: false, lte: true } }, limit: 9 })).toEqual(['t']);
      });

      it('finds a document by any member of a list, as long as it is one', async () => {
        await put('a', { owner: 'x', tags: ['red', '蓝', 'red'] });
        await put('b', { owner: 'y', tags: ['red'] });
        await put('c', { owner: 'x', tags: [] });
        expect(await idsOf({ where: { tags: { has: 'red' } }, limit: 9 })).toEqual(['a', 'b']);
        expect(await idsOf({ where: { owner: 'x', tags: { has: '蓝' } }, limit: 9 })).toEqual(['a']);
        expect(await cards.count({ tags: { has: 'red' } })).toBe(2);
        await put('a', { owner: 'x', tags: ['green'] }, 1);
        expect(await idsOf({ where: { tags: { has: 'red' } }, limit: 9 })).toEqual(['b']);
        expect(await idsOf({ where: { tags: { has: 'green' } }, limit: 9 })).toEqual(['a']);
        await put('b', undefined, 1);
        expect(await idsOf({ where: { tags: { has: 'red' } }, limit: 9 })).toEqual([]);
      });

      it('names indexed fields only, whatever the name holds', async () => {
        await put('a', { owner: 'x', other: 1 });
        for (const field of ['other', 'f0', 'id', 'value', '1=1; --', '__proto__', '$where']) {
          const where = Object.fromEntries([[field, 'x']]);
          await expect(cards.find({ where, limit: 1 })).rejects.toThrow('indexed');
          await expect(cards.count(where)).rejects.toThrow('indexed');
          await expect(cards.find({ orderBy: [[field, 'asc']], limit: 1 })).rejects.toThrow('indexed');
        }
        await expect(cards.find({ limit: 0 })).rejects.toThrow('limit');
        expect(await idsOf({ where: { owner: '\' OR 1=1 --' }, limit: 9 })).toEqual([]);
      });

      it('answers, page by page, what a plain sort over all documents would', async () => {
        const owners = [undefined, '', 'a', 'b', '二', '𠮷'];
        const docs = Array.from({ length: 60 }, (_, i): { id: string; value: Fields } => ({
          id: `d${(i * 7) % 60}`,
          value: { owner: owners[i % owners.length], at: i % 4 === 3 ? undefined : (i * 3) % 8, open: i % 3 === 0, tags: i % 5 === 0 ? ['t'] : [] },
        }));
        await cards.write(docs.map(({ id, value }) => ({ id, value: value, revisions: { s: 0 } })));
        const field = fc.constantFrom('owner', 'at', 'open');
        const queries = fc.record({
          where: fc.record({
            owner: fc.option(fc.constantFrom<Scalar>('', 'a', '二'), { nil: undefined }),
            at: fc.option(fc.oneof(fc.record({ gte: fc.integer({ min: 0, max: 7 }) }), fc.record({ lt: fc.integer({ min: 0, max: 7 }), gt: fc.integer({ min: -1, max: 4 }) })), { nil: undefined }),
            tags: fc.option(fc.constant({ has: 't' }), { nil: undefined, freq: 4 }),
          }),
          orderBy: fc.uniqueArray(fc.tuple(field, fc.constantFrom('asc' as const, 'desc' as const)), { maxLength: 3, selector: ([name]) => name }),
          limit: fc.integer({ min: 1, max: 25 }),
        });
        await fc.assert(fc.asyncProperty(queries, async (query) => {
          const expected = modelFind(docs, query);
          expect(await cards.count(query.where)).toBe(expected.length);
          expect(await walk(cards, query)).toEqual(expected);
        }), { numRuns: 60 });
      });
    });

    describe('collections', () => {
      it('are named, dropped and independent', async () => {
        const other = await store.collection<Card>({ ...spec, name: 'other: (rebuild)' });
        await put('a', { at: 1 });
        expect(await other.get('a')).toBeUndefined();
        expect(await store.collectionNames()).toEqual(['card', 'other: (rebuild)']);
        await store.dropCollection('other: (rebuild)');
        await store.dropCollection('other: (rebuild)');
        expect(await store.collectionNames()).toEqual(['card']);
        expect((await cards.get('a'))?.value).toEqual({ at: 1 });
      });

      it('are replaced at once: a reader sees the old documents or the new ones', async () => {
        const fresh = await store.collection<Card>({ ...spec, name: 'fresh' });
        const ids = Array.from({ length: 200 }, (_, i) => `d${i}`);
        await cards.write(ids.map((id) => ({ id, value: { owner: 'old' }, revisions: { s: 9 } })));
        await fresh.write(ids.slice(0, 150).map((id) => ({ id, value: { owner: 'new' }, revisions: { s: 3 } })));
        const seen = new Set<string>();
        let replaced = false;
        const reading = (async () => {
          while (!replaced) {
            const docs = await cards.find({ limit: 1000 });
            seen.add(`${docs.length} ${[...new Set(docs.map(({ value }) => value.owner))].join()}`);
            await new Promise((resolve) => setImmediate(resolve));
          }
        })();
        await store.replaceCollection('card', 'fresh');
        replaced = true;
        await reading;
        for (const state of seen) expect(['200 old', '150 new']).toContain(state);
        expect(await cards.count({ owner: 'new' })).toBe(150);
        expect(await store.collectionNames()).toEqual(['card']);
        await put('d0', { owner: 'later' }, 4);
        expect((await cards.get('d0'))?.value).toEqual({ owner: 'later' });
        await expect(fresh.get('d0')).rejects.toThrow();
      });

      it('keep their documents when their indexes change', async () => {
        await put('a', { owner: 'x', colour: 'red', sum: 5n, tags: ['t'] }, 4);
        await put('b', undefined, 4);
        const again = await store.collection<Card>({ name: 'card', indexes: [{ fields: ['colour', 'tags'] }] });
        expect((await again.find({ where: { colour: 'red', tags: { has: 't' } }, limit: 9 })).map(({ value }) => value['sum'])).toEqual([5n]);
        await again.write([{ id: 'a', value: {}, revisions: { s: 3 } }, { id: 'b', value: {}, revisions: { s: 3 } }]);
        expect((await again.get('a'))?.revisions).toEqual({ s: 4 });
        expect(await again.get('b')).toBeUndefined();
      });
    });

    it('keeps checkpoints by name', async () => {
      expect(await store.loadCheckpoint('p')).toBeUndefined();
      await store.saveCheckpoint('p', 7 as Position);
      await store.saveCheckpoint('q', 2 ** 40 as Position);
      await store.saveCheckpoint('p', -1 as Position);
      expect([await store.loadCheckpoint('p'), await store.loadCheckpoint('q')]).toEqual([-1, 2 ** 40]);
    });

    it('refuses everything once closed, and may be closed twice', async () => {
      await store.close();
      await store.close();
      await expect(cards.get('a')).rejects.toMatchObject({ code: 'READ_STORE_CLOSED' });
      await expect(put('a', {})).rejects.toMatchObject({ code: 'READ_STORE_CLOSED' });
      await expect(store.loadCheckpoint('p')).rejects.toMatchObject({ code: 'READ_STORE_CLOSED' });
    });

    it('is there again after it was closed and opened', async () => {
      if (!under.reopen) return;
      await put('a', { owner: 'x', sum: 2n ** 70n, tags: ['t'] }, 3);
      await put('b', undefined, 3);
      await store.saveCheckpoint('p', 12 as Position);
      store = await under.reopen();
      cards = await store.collection<Card>(spec);
      expect((await cards.find({ where: { tags: { has: 't' } }, limit: 9 }))[0]).toEqual<Doc<Card>>({ id: 'a', value: { owner: 'x', sum: 2n ** 70n, tags: ['t'] }, revisions: { s: 3 } });
      await put('b', { at: 1 }, 2);
      expect(await cards.get('b')).toBeUndefined();
      expect(await store.loadCheckpoint('p')).toBe(12);
    });
  });
};

/** All pages of a query, each going on after the last document of the one before. */
const walk = async (cards: Collection<Card>, query: Query): Promise<string[]> => {
  const ids: string[] = [];
  let after: Query['after'];
  for (;;) {
    const page = await cards.find({ ...query, ...(after && { after }) });
    ids.push(...page.map(({ id }) => id));
    const last = page[page.length - 1];
    if (!last || page.length < query.limit) return ids;
    after = { values: (query.orderBy ?? []).map(([field]) => (last.value[field] as Scalar | undefined) ?? null), id: last.id };
  }
};
