import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(__dirname, '..');
const bin = (name: string): string => path.join(root, 'node_modules', '.bin', name);

type LintMessage = { readonly ruleId: string | null; readonly message: string };
/** Lints `code` as if it lay at `file`, and takes it away again. */
const lint = (file: string, code: string): readonly LintMessage[] => {
  const full = path.join(root, file);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, code);
  try {
    const { stdout } = spawnSync(bin('eslint'), ['--format', 'json', '--no-cache', file], { cwd: root, encoding: 'utf8', env: { ...process.env, NX_DAEMON: 'false' } });
    return (JSON.parse(stdout) as [{ messages: LintMessage[] }])[0].messages;
  } finally {
    rmSync(full);
  }
};

describe('code that takes the outside world by itself is red', () => {
  const domain = 'services/order/src/domain/violation-for-the-rules-test.ts';
  it.each([
    ['the clock', 'export const at = (): number => Date.now();', 'no-restricted-syntax'],
    ['the clock by new Date()', 'export const at = (): Date => new Date();', 'no-restricted-syntax'],
    ['dice', 'export const dice = (): number => Math.random();', 'no-restricted-syntax'],
    ['timers', 'export const later = (f: () => void): void => void setTimeout(f, 1);', 'no-restricted-globals'],
    ['fresh ids', 'import { randomUUID } from "node:crypto"; export const id = (): string => randomUUID();', 'no-restricted-syntax'],
    ['module-level mutable state', 'let seen = 0; export const next = (): number => ++seen;', 'no-restricted-syntax'],
    ['a module-level cache', 'const seen = new Map(); export const has = (id: string): boolean => seen.has(id);', 'no-restricted-syntax'],
    ['a promise nobody awaits', 'export const go = (f: () => Promise<void>): void => { f(); };', '@typescript-eslint/no-floating-promises'],
    ['any', 'export const x = (y: any): string => y.z;', '@typescript-eslint/no-explicit-any'],
    ['another service', 'import { createLedger } from "@vouchsafe/ledger"; export const x = createLedger;', '@nx/enforce-module-boundaries'],
  ])('%s', (_name, code, rule) => {
    expect(lint(domain, code).map(({ ruleId }) => ruleId)).toContain(rule);
  });
  it('and the same file without a violation is green', () => {
    expect(lint(domain, 'export const twice = (n: number): number => n * 2;\n')).toEqual([]);
  });
});

describe('rooms', () => {
  const fixtures = path.join(__dirname, 'fixtures', 'rooms');
  const cruise = (): readonly { rule: { name: string }; from: string }[] => {
    const { stdout } = spawnSync(bin('depcruise'), ['services', 'libs', '--config', path.join(root, '.dependency-cruiser.cjs'), '--output-type', 'json'], { cwd: fixtures, encoding: 'utf8', maxBuffer: 1 << 26 });
    return (JSON.parse(stdout) as { summary: { violations: { rule: { name: string }; from: string }[] } }).summary.violations;
  };
  it('each rule has a fixture that breaks it', () => {
    const config = execFileSync(process.execPath, ['-p', `JSON.stringify(require(${JSON.stringify(path.join(root, '.dependency-cruiser.cjs'))}).forbidden.map((rule) => rule.name))`], { encoding: 'utf8' });
    const broken = new Set(cruise().map(({ rule }) => rule.name));
    expect([...broken].sort()).toEqual((JSON.parse(config) as string[]).sort());
  });
});

describe('projects', () => {
  it('each has exactly one scope and one type, for an untagged project is bound by nothing', () => {
    const folders = ['libs', 'services'].flatMap((folder) => readdirSync(path.join(root, folder)).map((name) => path.join(root, folder, name)));
    const wrong = folders.filter((folder) => {
      const { nx } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { nx?: { tags?: string[] } };
      const tags = nx?.tags ?? [];
      return tags.filter((tag) => tag.startsWith('scope:')).length !== 1 || tags.filter((tag) => tag.startsWith('type:')).length !== 1;
    });
    expect(wrong).toEqual([]);
  });
  it.each([
    ['a port', 'libs/read-store/src'],
    ['a service', 'services/order/src/adapters'],
  ])('%s that imports what talks to a real system is red: composition chooses it', (_who, folder) => {
    const messages = lint(`${folder}/violation-for-the-rules-test.ts`, 'import { mongoReadStore } from "@vouchsafe/read-store-mongo"; export const x = mongoReadStore;');
    expect(messages.map(({ ruleId }) => ruleId)).toContain('@nx/enforce-module-boundaries');
  });
  it('a library that imports a service is red', () => {
    const messages = lint('libs/codec/src/violation-for-the-rules-test.ts', 'import { createOrder } from "@vouchsafe/order"; export const x = createOrder;');
    expect(messages.map(({ ruleId }) => ruleId)).toContain('@nx/enforce-module-boundaries');
  });
});
