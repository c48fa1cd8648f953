import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SERVICE_PROJECTIONS } from '@vouchsafe/all-in-one';
import { type BoundProjection, compareCollections, sqliteReadStore, startProjections } from '@vouchsafe/read-store';
import { type Namespace, silentLog, systemClock } from '@vouchsafe/runtime';
import { openLog } from './open-log.js';

export type Compared = { readonly collection: string; readonly documents: number; readonly differences: readonly string[] };

/** Rebuilds every view of a stopped directory from its log, beside it, and compares document by document. Nothing in the directory changes. */
export const compareViews = async (data: string, namespace: Namespace): Promise<readonly Compared[]> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-views-'));
  const store = await openLog(data, namespace);
  for (const suffix of ['', '-wal']) {
    const file = path.join(data, namespace, `views.sqlite${suffix}`);
    if (existsSync(file)) copyFileSync(file, path.join(folder, `live.sqlite${suffix}`)); // a view may lag: it catches up in the copy
  }
  const live = sqliteReadStore({ file: path.join(folder, 'live.sqlite'), log: silentLog });
  const rebuilt = sqliteReadStore({ file: path.join(folder, 'views.sqlite'), log: silentLog });
  try {
    const compared: Compared[] = [];
    for (const [name, projections] of Object.entries(SERVICE_PROJECTIONS)) compared.push(...(await compareService(name, projections())));
    return compared;
  } finally {
    await rebuilt.close();
    await live.close();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }

  async function compareService(name: string, projections: readonly BoundProjection[]): Promise<readonly Compared[]> {
    const parts = { name, store, log: silentLog, clock: systemClock(), projections };
    for (const readStore of [live, rebuilt]) {
      const runner = await startProjections({ ...parts, readStore });
      await runner.caughtUp();
      await runner.stop();
    }
    const specs = new Map(projections.map(({ collection }) => [collection.name, collection]));
    return Promise.all([...specs.values()].map(async (spec) => ({ collection: spec.name, ...(await compareCollections(await live.collection(spec), await rebuilt.collection(spec))) })));
  }
};
