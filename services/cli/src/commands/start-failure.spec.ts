import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { placesOf } from '@vouchsafe/all-in-one';
import type { Json } from '@vouchsafe/codec';
import { type EmbeddedStore, openEmbeddedStore } from '@vouchsafe/event-store';
import { Fault } from '@vouchsafe/kernel';
import { createIds, nodeDisk, silentLog, systemClock, systemRandom } from '@vouchsafe/runtime';
import { createSpeech, EXIT } from '../speech.js';
import { keyFilesToBeMade, keyMade } from './key-files.js';
import { refuseDirectoriesInUse, whyNotStarted } from './start-failure.js';
import { configOf } from './up.js';

let root: string;
beforeEach(() => { root = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-start-')); });
afterEach(() => rmSync(root, { recursive: true, force: true }));
const config = () => configOf({}, { VOUCHSAFE_NAMESPACES: 'sandbox', VOUCHSAFE_DATA: path.join(root, 'data'), VOUCHSAFE_KEYS: path.join(root, 'keys'), VOUCHSAFE_JOURNAL: path.join(root, 'journal') });

const opened = (): Promise<EmbeddedStore> => {
  const { data } = placesOf(config(), 'sandbox');
  mkdirSync(data, { recursive: true });
  return openEmbeddedStore({ disk: nodeDisk(data), clock: systemClock(), log: silentLog, onFatal: (fault) => { throw fault; } });
};
const written = async (...events: readonly (readonly [stream: string, type: string, data: Json])[]): Promise<void> => {
  const store = await opened();
  const ids = createIds(systemClock(), systemRandom());
  for (const [stream, type, data] of events) {
    const expected = await store.revisionOf(stream);
    await store.append({ stream, expected, events: [{ id: ids.uuid(), type, data, occurredAt: systemClock().now(), correlation: 'c', causation: 'c', principal: 'p' }] });
  }
  await store.durable(store.head());
  await store.close();
};

it('says that the directory is in use, and by whom, before anything else', async () => {
  await refuseDirectoriesInUse(config());
  expect(existsSync(path.join(root, 'data'))).toBe(false);
  const running = await opened();
  const refused = refuseDirectoriesInUse(config());
  await expect(refused).rejects.toMatchObject({ exit: EXIT.unavailable, zh: expect.stringContaining(`${path.join(root, 'data')} 正被另一个平台进程使用`), en: expect.stringContaining('it runs already; stop it first') });
  await running.close();
  await refuseDirectoriesInUse(config());
});

it('names the event that this version cannot read: stream, position, type, why, and what to do', async () => {
  await written(['customer-1', 'crm.Known.v1', {}], ['order-ord_1', 'order.OrderPlaced.v1', { number: 7 }]);
  const error = Object.assign(new Error('number: expected a string'), { name: 'ShapeError' });
  const told = await whyNotStarted(error, config());
  expect(told).toMatchObject({ exit: EXIT.data, zh: expect.stringMatching(/读不懂[\s\S]*order\.OrderPlaced\.v1 {2}order-ord_1@0 {2}@\d+ {2}ShapeError[\s\S]*恢复备份/) });
  expect((told as Error).message).toMatch(/cannot read[\s\S]*order\.OrderPlaced\.v1 {2}order-ord_1@0 {2}@\d+ {2}ShapeError: .*number[\s\S]*start the version that wrote them[\s\S]*audit events/);
  expect((told as Error).message).not.toContain('crm.Known');
});
it('names the event of a newer version', async () => {
  await written(['product-prd_1', 'catalog.Unheard.v9', {}]);
  const told = await whyNotStarted(new Fault('STREAM_TOO_NEW', 'catalog.Unheard.v9 in product-prd_1 is newer than this binary; upgrade it', false), config());
  expect((told as Error).message).toMatch(/catalog\.Unheard\.v9 {2}product-prd_1@0 {2}@\d+/);
});
it('names an event that its own service could not read', async () => {
  await written(['product-prd_1', 'catalog.ProductCreated.v1', {}]);
  const told = await whyNotStarted(new Fault('EVENT_UNREADABLE', 'catalog.ProductCreated.v1 in product-prd_1 @0 cannot be read by this binary: ShapeError: id', false), config());
  expect((told as Error).message).toMatch(/catalog\.ProductCreated\.v1 {2}product-prd_1@0 {2}@\d+ /);
});
it('leaves other failures as they are', async () => {
  const full = new Fault('STORE_READ_ONLY', 'no space', false);
  expect(await whyNotStarted(full, config())).toBe(full);
  const bug = new TypeError('x');
  expect(await whyNotStarted(bug, config())).toBe(bug);
});

it('tells once, in the reader’s language, of a key file that was made', () => {
  const file = path.join(root, 'keys', 'sandbox.key');
  expect(keyFilesToBeMade(config())).toEqual([file]);
  const t = (locale: 'zh' | 'en') => createSpeech(locale, false, { out: () => {}, err: () => {} });
  expect([keyMade(file, t('zh')), keyMade(file, t('en'))]).toEqual([expect.stringContaining(`已生成主密钥 ${file}`), expect.stringContaining(`made the key file ${file}`)]);
  mkdirSync(path.dirname(file));
  writeFileSync(file, '');
  expect(keyFilesToBeMade(config())).toEqual([]);
});
