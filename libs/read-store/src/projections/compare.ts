import { nextTurn } from '@vouchsafe/runtime';
import type { Collection, Doc } from '../port.js';
import type { Rebuilt } from '../runner-port.js';

const PAGE = 500;
const DIFFERENCES_MAX = 100;

/** Compares two collections document by document, by value. */
export const compareCollections = async (live: Collection<unknown>, rebuilt: Collection<unknown>): Promise<Rebuilt> => {
  const differences: string[] = [];
  let documents = 0;
  for await (const [old, fresh] of pairsOf(pagesOf(live), pagesOf(rebuilt))) {
    if (fresh) documents++;
    const difference = differenceBetween(old, fresh);
    if (difference !== undefined && differences.length < DIFFERENCES_MAX) differences.push(difference);
  }
  return { equal: differences.length === 0, documents, differences };
};

type MaybeDoc = Doc<unknown> | undefined;
const differenceBetween = (old: MaybeDoc, fresh: MaybeDoc): string | undefined => {
  if (!fresh) return `${old?.id}: only in the live collection`;
  if (!old) return `${fresh.id}: only in the rebuilt collection`;
  const path = differenceOf(old.value, fresh.value, '');
  return path === undefined ? undefined : `${old.id}: differs at ${path || 'the root'}`;
};

/** Walks two ordered sequences in step; documents of one id come together. */
async function* pairsOf(a: AsyncGenerator<Doc<unknown>, undefined>, b: AsyncGenerator<Doc<unknown>, undefined>): AsyncGenerator<[MaybeDoc, MaybeDoc]> {
  let [left, right]: [MaybeDoc, MaybeDoc] = [(await a.next()).value, (await b.next()).value];
  while (left || right) {
    const order = !right ? -1 : !left ? 1 : byId(left.id, right.id);
    yield [order <= 0 ? left : undefined, order >= 0 ? right : undefined];
    if (order <= 0) left = (await a.next()).value;
    if (order >= 0) right = (await b.next()).value;
  }
}

async function* pagesOf(collection: Collection<unknown>): AsyncGenerator<Doc<unknown>, undefined> {
  let after: { values: []; id: string } | undefined;
  for (;;) {
    const page = await collection.find({ limit: PAGE, ...(after && { after }) });
    yield* page;
    if (page.length < PAGE) return undefined;
    after = { values: [], id: page[page.length - 1]!.id };
    await nextTurn();
  }
}

/** The store's order of ids: by UTF-8 bytes. */
const byId = (a: string, b: string): number => (a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b)));

/** Path of the first difference; undefined where the values are the same (an absent field and an undefined one are). */
const differenceOf = (a: unknown, b: unknown, path: string): string | undefined => {
  if (a === b) return undefined;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object' || Array.isArray(a) !== Array.isArray(b)) return path;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const inner = differenceOf(left[key], right[key], path ? `${path}.${key}` : key);
    if (inner !== undefined) return inner;
  }
  return undefined;
};
