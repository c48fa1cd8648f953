import type { CollectionSpec, ReadStore } from '@vouchsafe/read-store';

/** The same store, but for some of its methods and without a place for runners of its own. */
export const through = (store: ReadStore, more: Partial<ReadStore>): ReadStore => ({
  collection: <T>(spec: CollectionSpec) => store.collection<T>(spec),
  collectionNames: () => store.collectionNames(),
  dropCollection: (name) => store.dropCollection(name),
  replaceCollection: (name, replacement) => store.replaceCollection(name, replacement),
  loadCheckpoint: (name) => store.loadCheckpoint(name),
  saveCheckpoint: (name, position) => store.saveCheckpoint(name, position),
  close: () => store.close(),
  ...more,
});
