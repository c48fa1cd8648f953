import type { Position } from '@vouchsafe/event-store';
import { silentLog } from '@vouchsafe/runtime';
import type { Collection, Commit, Folded, ReadStore, WriteOp } from '../port.js';
import { sqliteReadStore } from '../sqlite-read-store.js';

type Card = { readonly owner: string; readonly tags: readonly string[]; readonly sum: bigint };
const spec = { name: 'card', indexes: [{ fields: ['owner'] }, { fields: ['tags'] }] };

describe('documents committed with their checkpoint', () => {
  let store: ReadStore;
  let cards: Collection<Card>;
  beforeEach(async () => {
    store = sqliteReadStore({ file: ':memory:', log: silentLog });
    cards = await store.collection<Card>(spec);
  });
  afterEach(() => store.close());

  const card = (owner: string, ...tags: readonly string[]): Card => ({ owner, tags, sum: 2n ** 70n });
  const commit = (folded: readonly Folded[], rest: Omit<Commit, 'documents'> = {}): Promise<void> => store.commit!({ documents: new Map([[spec.name, folded]]), ...rest });
  /** What is there becomes `values`; undefined deletes. */
  const become = async (values: Readonly<Record<string, Card | undefined>>): Promise<void> => {
    const known = await cards.getMany(Object.keys(values));
    await commit(Object.entries(values).map(([id, value]) => ({ id, value, from: known.get(id) })));
  };
  const ownedBy = async (owner: string): Promise<readonly string[]> => (await cards.find({ where: { owner }, limit: 9 })).map(({ id }) => id);
  const tagged = async (tag: string): Promise<readonly string[]> => (await cards.find({ where: { tags: { has: tag } }, limit: 9 })).map(({ id }) => id);

  it('are found as they are, changed and gone, under every index', async () => {
    await become({ a: card('x', 'red', 'big'), b: card('x', 'red'), c: card('y') });
    expect([await ownedBy('x'), await tagged('red'), await tagged('big')]).toEqual([['a', 'b'], ['a', 'b'], ['a']]);
    await become({ a: card('y', 'big', 'new'), b: undefined });
    expect([await ownedBy('x'), await ownedBy('y'), await tagged('red'), await tagged('new')]).toEqual([[], ['a', 'c'], [], ['a']]);
    await become({ b: card('x', 'red') });
    expect([(await cards.get('b'))?.value, await cards.count()]).toEqual([card('x', 'red'), 3]);
  });

  it('leave no tombstones, and a later write by revision finds none', async () => {
    await become({ a: card('x') });
    await become({ a: undefined });
    const op: WriteOp<Card> = { id: 'a', value: card('z'), revisions: { s: 0 } };
    await cards.write([op]);
    expect((await cards.get('a'))?.value.owner).toBe('z');
  });

  it('are written with the checkpoint and its witness, or none of it is', async () => {
    await become({ a: card('x') });
    const checkpoint = { name: 'p', position: 7 as Position, witness: { after: 3 as Position, leaf: 'ab' } };
    const broken = { id: 'b', value: { ...card('y'), sum: Number.NaN }, from: undefined };
    await expect(commit([{ id: 'c', value: card('y'), from: undefined }, broken], { checkpoint })).rejects.toThrow();
    await store.dropCollection('other');
    await expect(store.commit!({ documents: new Map([[spec.name, [{ id: 'c', value: card('y'), from: undefined }]], ['other', [broken]]]), checkpoint })).rejects.toThrow();
    expect([await cards.count(), await store.loadCheckpoint('p')]).toEqual([1, undefined]);
    await commit([{ id: 'c', value: card('y'), from: undefined }], { checkpoint });
    expect([await cards.count(), await store.loadCheckpoint('p'), await store.loadWitness!('p')]).toEqual([2, 7, { after: 3, leaf: 'ab' }]);
  });

  it('are no more where a collection was dropped after it was opened, and the checkpoint stays', async () => {
    const other = await store.collection<Card>({ ...spec, name: 'other' });
    await store.dropCollection('other');
    const documents = new Map([[spec.name, [{ id: 'c', value: card('y'), from: undefined }]], ['other', [{ id: 'd', value: card('y'), from: undefined }]]]);
    await expect(store.commit!({ documents, checkpoint: { name: 'p', position: 9 as Position } })).rejects.toThrow('other');
    expect([await cards.count(), await store.loadCheckpoint('p'), other !== undefined]).toEqual([0, undefined, true]);
  });
});
