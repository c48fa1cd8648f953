import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { dataFolder } from './data-folder.js';

it('takes away what a killed runner left, and nothing of those who live', () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const left = path.join(os.tmpdir(), `vouchsafe-server-kafka-${pid}-spec`);
  mkdirSync(left);
  const first = dataFolder('kafka');
  expect([existsSync(left), existsSync(first)]).toEqual([false, true]);
  const second = dataFolder('mongo');
  expect([existsSync(first), first === second]).toEqual([true, false]);
  for (const folder of [first, second]) rmSync(folder, { recursive: true });
});
