import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Position } from '@vouchsafe/event-store';
import { instant } from '@vouchsafe/kernel';
import { clockTimers, createIds, silentLog, simulatedClock, systemRandom } from '@vouchsafe/runtime';
import { type Deployment, openDeployment } from './deployment.js';

const clock = simulatedClock(instant(1_790_000_000_000));
const ids = createIds(clock, systemRandom());
let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'deployment-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const open = (data = 'data', marker = 'marker'): Promise<Deployment> => openDeployment({ data: path.join(root, data), marker: path.join(root, marker), ids, log: silentLog });
/** A start, a while of work up to `head`, and an orderly end. */
const live = async (head: number, data = 'data'): Promise<Deployment> => {
  const deployment = await open(data);
  await deployment.attach({ head: () => head as Position, durable: async () => {}, epoch: deployment.minimumBootEpoch }, clockTimers(clock));
  await deployment.close();
  return deployment;
};

it('stays what it is over starts, each with a boot epoch of its own', async () => {
  const [first, second] = [await live(10), await live(20)];
  expect([second.id, second.epoch, second.raised]).toEqual([first.id, 1, false]);
  expect(second.minimumBootEpoch).toBeGreaterThan(first.minimumBootEpoch);
});
it('notices a directory put back to before its last start', async () => {
  await live(10);
  cpSync(path.join(root, 'data'), path.join(root, 'copy'), { recursive: true });
  await live(20);
  const copy = await live(10, 'copy');
  expect([copy.epoch, copy.raised]).toEqual([2, true]);
});
it('notices a log that ends before what was durable once', async () => {
  await live(20);
  const again = await open();
  await again.attach({ head: () => 19 as Position, durable: async () => {}, epoch: 9 }, clockTimers(clock));
  expect([again.epoch, again.raised]).toEqual([2, true]);
  await again.close();
});
it('notices a copy that came without its marker', async () => {
  await live(10);
  expect(await open('data', 'elsewhere')).toMatchObject({ epoch: 2, raised: true });
});
describe('what stands around a directory', () => {
  const begin = async (more: { readonly copied?: string; readonly epochAtLeast?: number }): Promise<Deployment> => {
    const deployment = await openDeployment({ data: path.join(root, 'data'), marker: path.join(root, 'marker'), ids, log: silentLog, ...more });
    await deployment.attach({ head: () => 10 as Position, durable: async () => {}, epoch: deployment.minimumBootEpoch }, clockTimers(clock));
    return deployment;
  };
  it('may say that it is a copy, although directory and marker are new; once secured it is none any more', async () => {
    const copy = await begin({ copied: 'another Kafka', epochAtLeast: 3 });
    expect([copy.epoch, copy.raised]).toEqual([4, true]);
    copy.secured();
    await copy.close();
    expect(await live(20)).toMatchObject({ epoch: 4, raised: false });
  });
  it('may say how far other replicas have come: it begins no lower', async () => {
    const another = await begin({ epochAtLeast: 3 });
    expect([another.epoch, another.raised]).toEqual([3, false]);
    await another.close();
  });
});
it('stays raised over crashes until what the journal names is secured', async () => {
  await live(10);
  rmSync(path.join(root, 'marker'), { recursive: true });
  await live(10);
  const third = await live(10);
  expect([third.epoch, third.raised]).toEqual([2, true]);
  third.secured();
  expect(await live(10)).toMatchObject({ epoch: 2, raised: false });
});
it('refuses the marker of another deployment, and a damaged file', async () => {
  await live(10);
  await expect(open('other')).rejects.toMatchObject({ code: 'MARKER_FOREIGN' });
  writeFileSync(path.join(root, 'data', 'deployment.json'), readFileSync(path.join(root, 'data', 'deployment.json'), 'utf8').slice(0, 20));
  await expect(open()).rejects.toMatchObject({ code: 'FILE_DAMAGED' });
});
it('a crash between its two files does no harm', async () => {
  await live(10);
  await open(); // died before the log was attached: the marker was not written
  expect(await live(10)).toMatchObject({ epoch: 1, raised: false });
});
