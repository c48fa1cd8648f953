import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { compareViewsApart } from './views-apart.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-apart-'));
afterAll(() => rmSync(folder, { recursive: true }));
/** A command line that does as the script says. */
const bin = (script: string): string => {
  const file = path.join(folder, 'bin.js');
  writeFileSync(file, script);
  return file;
};

it('asks a process of its own, and differences are an answer although it exits 1', async () => {
  const found = await compareViewsApart('/data', 'sandbox', bin(`
    const differences = [process.argv.slice(2).join(' ')];
    console.log(JSON.stringify({ ok: false, collections: [{ collection: 'orders', documents: 3, differences }] }));
    process.exitCode = 1;
  `));
  expect(found).toEqual([{ collection: 'orders', documents: 3, differences: ['--json audit rebuild --compare --data /data --namespace sandbox'] }]);
});

it.each([['says nothing', ''], ['is cut off', 'process.stdout.write("{\\"collections\\": [");']])('fails with its words where it %s', async (_how, said) => {
  await expect(compareViewsApart('/data', 'sandbox', bin(`${said} console.error('no such directory'); process.exitCode = 65;`))).rejects.toThrow('the views could not be compared (65): no such directory');
});
