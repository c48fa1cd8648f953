import { databaseName } from '@vouchsafe/process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SERVICE_PROJECTIONS } from '@vouchsafe/all-in-one';
import type { EventStore } from '@vouchsafe/event-store';
import { type BoundProjection, compareCollections, type ReadStore, sqliteReadStore, startProjections } from '@vouchsafe/read-store';
import { mongoReadStore } from '@vouchsafe/read-store-mongo';
import { silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';

export type Differing = { readonly documents: number; readonly differences: readonly string[] };
/** Where the views of a deployment lie: `<database>_sandbox_<service>` each. */
export type ViewsPlace = { readonly uri: string; readonly database: string };

/** Rebuilds every view from the log, in a store of its own, and compares with those of the running services, document by document. Nothing else may go on. */
export const compareLiveViews = async (store: EventStore, { uri, database }: ViewsPlace): Promise<Differing> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-views-'));
  const rebuilt = sqliteReadStore({ file: path.join(folder, 'views.sqlite'), log: silentLog });
  let documents = 0;
  const differences: string[] = [];
  try {
    for (const [service, projections] of Object.entries(SERVICE_PROJECTIONS)) {
      const live = mongoReadStore({ uri, database: databaseName(database, 'sandbox', service), indexes: 'check', clock: systemClock(), random: systemRandom(), log: silentLog });
      try {
        const compared = await compareService(store, { live, rebuilt }, service, projections());
        documents += compared.documents;
        differences.push(...compared.differences);
      } finally {
        await live.close();
      }
    }
    return { documents, differences };
  } finally {
    await rebuilt.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

const compareService = async (store: EventStore, { live, rebuilt }: { readonly live: ReadStore; readonly rebuilt: ReadStore }, service: string, projections: readonly BoundProjection[]): Promise<Differing> => {
  const runner = await startProjections({ name: service, store, readStore: rebuilt, log: silentLog, clock: systemClock(), projections });
  await runner.caughtUp();
  await runner.stop();
  let documents = 0;
  const differences: string[] = [];
  for (const spec of new Map(projections.map(({ collection }) => [collection.name, collection])).values()) {
    const compared = await compareCollections(await live.collection(spec), await rebuilt.collection(spec));
    documents += compared.documents;
    differences.push(...compared.differences.map((difference) => `${service} ${spec.name} ${difference}`));
  }
  return { documents, differences };
};
