import { instant } from '@vouchsafe/kernel';
import { afterChecks, type After, auditAfter, type Check } from '../../audit/after.js';
import { trialBalanceLines } from '../../audit/present.js';
import { Progress } from '../../demo/progress.js';
import type { Speech } from '../../speech.js';
import { effort, type Effort } from '../effort.js';
import { pairs, took } from '../present.js';
import { settled } from '../settled.js';
import { Stage } from '../stage.js';
import { playPurchases, type Played } from './play.js';
import { type Purchase, readPurchases, SOURCES } from './purchases.js';
import { channelOf, furnishShop, TILL } from './shop.js';
import { type Score, type VerdictScores, VerdictWatch } from './verdicts.js';

export type FraudOptions = { readonly file: string; readonly fraction: number };
export type FraudReport = VerdictScores & {
  readonly rows: number;
  readonly fraud: number;
  readonly deeds: Readonly<Record<string, number>>;
  /** Playing alone, and everything with stock and audit. */
  readonly playing: Effort;
  readonly whole: Effort;
  readonly rowsPerSecond: number;
  readonly after: After;
};

/** What the shipped rules must reach, without having seen what was fraud (RULES and the reports of those who measured). */
export const GOAL = { precision: 0.99, recall: 0.48, seconds: 120 } as const;
const DAY_MS = 86_400_000;
/** Longer than a review may wait. */
const AFTERMATH_MS = DAY_MS;

/** Plays first purchases through the public contract on a simulated clock, and audits what they left behind. */
export const traceFraud = async ({ file, fraction }: FraudOptions, speech: Speech): Promise<FraudReport> => {
  const whole = effort();
  const progress = new Progress(speech);
  const purchases = readPurchases(file, fraction);
  const start = instant(Math.min(...purchases.map(({ signUp }) => signUp)) - DAY_MS);
  progress.begin('启动平台（模拟时钟），建商品，导入卡密，生成券', 'starting the platform on a simulated clock, importing codes, minting vouchers');
  const stage = await Stage.open({ start, channels: SOURCES.map(channelOf), terminals: [TILL] });
  try {
    await furnishShop(stage, purchases);
    progress.end(`${purchases.length}`);
    progress.begin('按时间顺序重演注册与购买', 'playing sign-ups and purchases in the order of their times');
    const measured = effort();
    const played = await playPurchases(stage, purchases, (done, of) => { if (done % 500 === 0) progress.at(done, of); });
    const playing = measured();
    progress.end(`${(purchases.length / playing.seconds).toFixed(0)}/s`);
    await stage.goTo(instant(stage.clock.now() + AFTERMATH_MS));
    await settled(stage);
    await stage.stop();
    progress.begin('审计', 'auditing');
    const watch = new VerdictWatch();
    const after = await auditAfter({ data: stage.data, namespace: 'sandbox' }, (event) => watch.see(event));
    progress.end(`${after.findings.events}`);
    return {
      rows: purchases.length, fraud: purchases.filter(({ fraud }) => fraud).length, deeds: played.deeds, ...watch.scores(fraudOf(played)),
      playing, whole: whole(), rowsPerSecond: purchases.length / playing.seconds, after,
    };
  } finally {
    await stage.close();
  }
};

const fraudOf = ({ answered }: Played): ReadonlyMap<string, boolean> => new Map(answered.map(({ orderId, purchase }: { orderId: string; purchase: Purchase }) => [orderId, purchase.fraud]));

/** Everything the trace promises, with what was audited. */
export const fraudChecks = ({ rows, verdicts: { deny }, after }: FraudReport, t: Speech['t']): readonly Check[] => {
  const ended = Object.values(after.findings.ordersByState).reduce((a, b) => a + b, 0);
  return [
    [ended === rows, t(`订单合计 = 行数（${rows}）`, `orders by end state add up to all rows (${rows})`), [`${ended} ≠ ${rows}`]],
    [deny.precision >= GOAL.precision, t(`拒绝的精确率 ≥ ${GOAL.precision}（${deny.precision.toFixed(4)}）`, `deny precision ≥ ${GOAL.precision} (${deny.precision.toFixed(4)})`), []],
    [deny.recall >= GOAL.recall, t(`拒绝的召回率 ≥ ${GOAL.recall}（${deny.recall.toFixed(4)}）`, `deny recall ≥ ${GOAL.recall} (${deny.recall.toFixed(4)})`), []],
    ...afterChecks(after, t),
  ];
};

const scoreLine = (name: string, { orders, fraud, precision, recall }: Score): string =>
  `  ${name.padEnd(22)} ${String(orders).padStart(6)} ${String(fraud).padStart(6)}   ${precision.toFixed(4)}  ${recall.toFixed(4)}`;

/** The report for a person. Velocity gives review or challenge, which is told apart from deny. */
export const fraudLines = (report: FraudReport, t: Speech['t']): readonly string[] => {
  const { rows, fraud, verdicts: { deny, review, challenge, allow }, rules, deeds, playing, whole, rowsPerSecond, after: { findings } } = report;
  return [
    t(`${rows} 次首购，其中欺诈 ${fraud}；经网关 gRPC，模拟时钟`, `${rows} first purchases, ${fraud} of them fraud; gRPC through the gateway, simulated clock`),
    `${t('订单', 'orders')}: ${pairs(findings.ordersByState)}`, `${t('原因', 'reasons')}: ${pairs(findings.reasons)}`, `${t('此后', 'afterwards')}: ${pairs(deeds)}`,
    `  ${t('结论', 'verdict').padEnd(22)} ${t('订单', 'orders')} ${t('欺诈', 'fraud').padStart(6)}  ${t('精确率', 'precision')} ${t('召回率', 'recall')}`, scoreLine('deny', deny),
    t('  速度类规则只给人工复核或验证，另列：', '  velocity gives review or challenge, apart:'), scoreLine('review', review), scoreLine('challenge', challenge), scoreLine('allow', allow),
    t('  按规则：', '  by rule:'), ...Object.entries(rules).map(([name, score]) => scoreLine(name, score)),
    t(`重演 ${took(playing)}，${rowsPerSecond.toFixed(0)} 行/秒；全程 ${took(whole)}，目标 ≤ ${GOAL.seconds} s`, `played in ${took(playing)}, ${rowsPerSecond.toFixed(0)} rows/s; all in ${took(whole)}, goal ≤ ${GOAL.seconds} s`),
    ...trialBalanceLines({ ...findings, trialBalance: withoutStock(findings.trialBalance) }),
  ];
};
/** There is an account for every product's stock: they are told as one. */
const withoutStock = (rows: After['findings']['trialBalance']): After['findings']['trialBalance'] => {
  const stock = rows.filter(([, , account]) => account.startsWith(STOCK));
  const [first] = stock;
  if (!first) return rows;
  return [[first[0], first[1], `${STOCK}*`, stock.reduce((sum, [, , , minor]) => sum + minor, 0n)], ...rows.filter(([, , account]) => !account.startsWith(STOCK))];
};
const STOCK = 'assets:inventory:codes:';
