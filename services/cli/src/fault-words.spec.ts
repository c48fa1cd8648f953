import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { FAULT_WORDS } from './fault-words.js';

const ROOT = path.resolve(__dirname, '../../..');
/** Whose faults end a start or a command on a stopped directory. */
const HOMES = ['libs/event-store/src/embedded', 'libs/backup/src', 'libs/journal/src', 'libs/vault/src', 'libs/read-store/src', 'libs/runtime/src'];
/** Of a process that goes on: they end no command. */
const WITHIN = ['ABORTED', 'POSITION_UNKNOWN', 'READ_STORE_CLOSED', 'STORE_CLOSED', 'KILLED', 'COPY_TARGET_NOT_EMPTY', 'COPY_WRONG', 'DIRECTORY_DAMAGED', 'OFFSET_WRONG'];

const codesIn = (folder: string): readonly string[] =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts') && !name.includes('testing'))
    .flatMap((name) => [...readFileSync(path.join(ROOT, folder, name), 'utf8').matchAll(/(?:new Fault|super)\(\s*'([A-Z][A-Z_]+)'/g)].map((match) => match[1]!));

it('knows words for every fault that a person who starts the platform may meet, each with what to do', () => {
  const codes = new Set(HOMES.flatMap(codesIn));
  expect(codes.size).toBeGreaterThan(25);
  expect([...codes].filter((code) => !(code in FAULT_WORDS) && !WITHIN.includes(code)).sort()).toEqual([]);
  for (const words of Object.values(FAULT_WORDS)) expect(words).toMatch(/[一-鿿]{3}/);
});
