import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { nodeDisk } from '@vouchsafe/runtime';
import { anEvent, readToEnd } from '../testing/builders.js';
import { fill, openSmall } from '../testing/small-store.js';

const READER = path.join(__dirname, '../../test/read_log.py');
const python = spawnSync('python3', ['--version']).status === 0 ? it : it.skip;

describe('the file format', () => {
  let folder: string;
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'format-'))));
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  python('can be read by a program written from its description alone', async () => {
    const store = await openSmall(nodeDisk(folder));
    await fill(store, 60);
    await store.append({
      stream: 'pool-凭证',
      expected: -1,
      events: [anEvent('full', { trace: '00-a-b-01', pub: 3, data: { 金额: '1' } })],
    });
    await store.durable(store.head());
    const events = await readToEnd(store);
    const hash = store.logHash();
    await store.close();
    const { stdout, stderr, status } = spawnSync('python3', [READER, folder], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.pop()).toEqual({ events: 61, end: expect.any(Number), hash, epoch: 1 });
    expect(lines).toEqual(
      events.map((event) =>
        JSON.parse(
          JSON.stringify({ ...JSON.parse(JSON.stringify(event)), leaf: Buffer.from(event.leaf).toString('hex') }),
        ),
      ),
    );
  });

  python('shows damage to it, too', async () => {
    const store = await openSmall(nodeDisk(folder));
    await fill(store, 30);
    await store.close();
    const file = path.join(folder, 'log/0000000000000000.seg');
    const bytes = fs.readFileSync(file);
    bytes[300]! ^= 1;
    fs.writeFileSync(file, bytes);
    expect(spawnSync('python3', [READER, folder], { encoding: 'utf8' })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('log/0000000000000000.seg at byte'),
    });
  });
});
