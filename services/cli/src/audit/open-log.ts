import { existsSync } from 'node:fs';
import path from 'node:path';
import { type EmbeddedStore, type EventStore, openReadOnly, type RecordedEvent, START } from '@vouchsafe/event-store';
import { nodeDisk, type Namespace, silentLog, systemClock } from '@vouchsafe/runtime';
import { CommandFailure, EXIT } from '../speech.js';

const PAGE = 1_000;

/** Opens the log of a namespace in a data directory for reading; nothing in it changes. */
export const openLog = async (data: string, namespace: Namespace): Promise<EmbeddedStore> => {
  const folder = path.join(data, namespace);
  if (!existsSync(folder)) throw new CommandFailure(EXIT.data, `没有数据：${folder}`, `there is no data at ${folder}`);
  return openReadOnly({ disk: nodeDisk(folder), clock: systemClock(), log: silentLog });
};

/** Every event of the log, in order. */
export async function* allEvents(store: Pick<EventStore, 'readAll'>, categories?: readonly string[]): AsyncIterable<RecordedEvent> {
  let after = START;
  for (;;) {
    const page = await store.readAll({ after, max: PAGE, ...(categories && { categories }) });
    yield* page.events;
    after = page.next;
    if (page.atEnd) return;
  }
}
