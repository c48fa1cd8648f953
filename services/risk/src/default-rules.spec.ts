import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Instant, instant } from '@vouchsafe/kernel';
import { celCompiler } from './adapters/cel-compiler.js';
import { FEATURES, type Subject } from './application/features.js';
import { type Program, programOf } from './application/rule-program.js';
import { nothingDerived } from './application/subject.js';
import { RiskWindows } from './application/windows/risk-windows.js';
import { DEFAULT_RULES } from './domain/default-rules.js';
import type { VerdictWord } from './domain/rules.js';

const SHARED = process.env['VOUCHSAFE_SHARED'] ?? path.resolve(__dirname, '../../../../shared');
const FILE = path.join(SHARED, 'data/fraud/ecom_first_purchase.dev.csv.gz');

type Row = { user: string; device: string; ip: string; channel: string; amount: bigint; signUp: Instant; purchase: Instant; fraud: boolean };
const rows = (): Row[] => {
  const [head, ...lines] = gunzipSync(readFileSync(FILE)).toString().trim().split(/\r?\n/);
  const column = Object.fromEntries(head!.split(',').map((name, i) => [name, i]));
  return lines.map((line) => {
    const cells = line.split(',');
    const cell = (name: string): string => cells[column[name]!]!;
    const at = (name: string): Instant => instant(Date.parse(`${cell(name)}:00Z`));
    return {
      user: cell('user_id'), device: cell('device_id'), ip: cell('ip'), channel: cell('source'), amount: BigInt(cell('purchase_value')) * 100n,
      signUp: at('signup_time'), purchase: at('purchase_time'), fraud: cell('class') === '1',
    };
  });
};

/** Plays sign-ups and purchases in the order of their times, each at its own, through windows and rules. */
const play = (all: readonly Row[], program: Program): { row: Row; verdict: VerdictWord; reasons: readonly string[] }[] => {
  const windows = new RiskWindows({ keysPerTable: 100_000, momentsPerTable: 1_000_000 });
  const steps = all.flatMap((row) => [{ at: row.signUp, row, order: false }, { at: row.purchase, row, order: true }]);
  steps.sort((a, b) => a.at - b.at || Number(a.order) - Number(b.order));
  return steps.flatMap(({ at, row, order }) => {
    const parties = { buyer: row.user, device: row.device, ...(row.ip && { ip: row.ip }) };
    if (!order) {
      windows.signal({ kind: 'sign_up', channelId: row.channel, parties, occurredAt: at, print: '' });
      return [];
    }
    const facts = { channelId: row.channel, parties, lines: [{ productId: 'prd_x', quantity: 1 }], total: { minor: row.amount, currency: 'USD' }, at };
    const subject: Subject = { ...nothingDerived, ...facts, network: row.ip ? 'other' : '' };
    const { verdict, reasons, failed } = program.judge(subject, windows);
    expect(failed).toEqual([]);
    windows.order({ ...facts, verdict });
    return [{ row, verdict, reasons }];
  });
};

const report = (played: ReturnType<typeof play>): { precision: number; recall: number; lines: string[] } => {
  const fraud = played.filter(({ row }) => row.fraud).length;
  const of = (some: typeof played) => {
    const hits = some.filter(({ row }) => row.fraud).length;
    return { n: some.length, precision: hits / some.length, recall: hits / fraud };
  };
  const line = (name: string, some: typeof played): string => {
    const { n, precision, recall } = of(some);
    return `${name.padEnd(22)} ${String(n).padStart(6)}  precision ${precision.toFixed(4)}  recall ${recall.toFixed(4)}`;
  };
  const denied = of(played.filter(({ verdict }) => verdict === 'deny'));
  return {
    precision: denied.precision, recall: denied.recall,
    lines: [
      `${played.length} orders, ${fraud} of them fraud`,
      ...(['deny', 'review', 'challenge', 'allow'] as const).map((word) => line(word, played.filter(({ verdict }) => verdict === word))),
      ...DEFAULT_RULES.rules.filter(({ shadow }) => !shadow).map(({ name }) => line(name, played.filter(({ reasons }) => reasons.includes(name)))),
    ],
  };
};

const program = (): Program => {
  const compiled = programOf(DEFAULT_RULES, celCompiler((name) => FEATURES.get(name)?.type));
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.program;
};

it('compiles every rule that ships, each with words in both languages', () => {
  expect(program().rules.map(({ name }) => name)).toHaveLength(new Set(DEFAULT_RULES.rules.map(({ name }) => name)).size);
  for (const { zh, en } of DEFAULT_RULES.rules) expect([/\p{Script=Han}/u.test(zh), /[a-z]/.test(en)]).toEqual([true, true]);
});

const data = existsSync(FILE) ? it : it.skip;
if (!existsSync(FILE)) process.stdout.write('skipped: the first purchases are not here (VOUCHSAFE_SHARED)\n');

data('denies fraud in a tenth of the first purchases with precision ≥ 0.99 and recall ≥ 0.48, without looking at class', () => {
  // Every tenth user by number, so that rings of devices are thinned as they would be in a smaller shop.
  const { precision, recall, lines } = report(play(rows().filter(({ user }) => Number(user) % 10 === 3), program()));
  process.stdout.write(`${lines.join('\n')}\n`);
  expect(precision).toBeGreaterThanOrEqual(0.99);
  expect(recall).toBeGreaterThanOrEqual(0.48);
});

(process.env['VOUCHSAFE_LONG'] ? data : it.skip)('does so over all 33,236 first purchases', () => {
  const { precision, recall, lines } = report(play(rows(), program()));
  process.stdout.write(`${lines.join('\n')}\n`);
  expect(precision).toBeGreaterThanOrEqual(0.99);
  expect(recall).toBeGreaterThanOrEqual(0.48);
});
