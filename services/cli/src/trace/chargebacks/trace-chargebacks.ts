import { instant } from '@vouchsafe/kernel';
import { type After, afterChecks, auditAfter, type Check } from '../../audit/after.js';
import { trialBalanceLines } from '../../audit/present.js';
import { Progress } from '../../demo/progress.js';
import type { Speech } from '../../speech.js';
import { effort, type Effort } from '../effort.js';
import { pairs, took } from '../present.js';
import { settled } from '../settled.js';
import { Stage } from '../stage.js';
import { EntrySums } from './entries.js';
import { CHANNEL, furnishMarket, TILL } from './market.js';
import { readPayments } from './payments.js';
import { CHARGEBACK_AFTER_MS, playPayments, startOf } from './play.js';
import { rowChecks } from './rows.js';

export type ChargebackReport = {
  readonly rows: number;
  readonly chargedBack: number;
  readonly deeds: Readonly<Record<string, number>>;
  /** ACCOUNTS.md's rows, expected by file and counter, found in the books. */
  readonly accounts: readonly Check[];
  readonly playing: Effort;
  readonly whole: Effort;
  readonly after: After;
};
const DAY_MS = 86_400_000;

/** Plays card payments as consumer_pay orders through the sandbox's payment provider; those charged back are so seven days later. */
export const traceChargebacks = async ({ file }: { readonly file: string }, speech: Speech): Promise<ChargebackReport> => {
  const whole = effort();
  const progress = new Progress(speech);
  const payments = readPayments(file);
  progress.begin('启动平台（模拟时钟），建商品，导入卡密，生成券', 'starting the platform on a simulated clock, importing codes, minting vouchers');
  const stage = await Stage.open({ start: startOf(payments), channels: [CHANNEL], terminals: [TILL], sandbox: { chargebackAfterMs: CHARGEBACK_AFTER_MS } });
  try {
    await furnishMarket(stage, payments);
    progress.end(`${payments.length}`);
    progress.begin('重演付款、退款与拒付', 'playing payments, refunds and charge-backs');
    const measured = effort();
    const played = await playPayments(stage, payments, (done, of) => { if (done % 50 === 0) progress.at(done, of); });
    const playing = measured();
    progress.end(`${(payments.length / playing.seconds).toFixed(0)}/s`);
    await stage.goTo(instant(stage.clock.now() + DAY_MS));
    await settled(stage);
    await stage.stop();
    progress.begin('审计', 'auditing');
    const books = new EntrySums();
    const after = await auditAfter({ data: stage.data, namespace: 'sandbox' }, (event) => books.see(event));
    progress.end(`${after.findings.events}`);
    return {
      rows: payments.length, chargedBack: payments.filter(({ fate }) => fate !== 'paid').length, deeds: played.deeds, accounts: rowChecks(played, books), playing, whole: whole(), after,
    };
  } finally {
    await stage.close();
  }
};

/** Everything the trace promises, with what was audited. */
export const chargebackChecks = ({ rows, accounts, after }: ChargebackReport, t: Speech['t']): readonly Check[] => {
  const { COMPLETED: completed = 0 } = after.findings.ordersByState;
  return [[completed === rows, t(`每笔付款都已交付（${rows}）`, `every payment was delivered (${rows})`), [`${completed} ≠ ${rows}`]], ...accounts, ...afterChecks(after, t)];
};

export const chargebackLines = ({ rows, chargedBack, deeds, playing, whole, after: { findings } }: ChargebackReport, t: Speech['t']): readonly string[] => [
  t(`${rows} 笔付款，其中 ${chargedBack} 笔七天后被拒付；经沙箱支付渠道的签名通知`, `${rows} payments, ${chargedBack} of them charged back seven days later; by signed notices of the sandbox's provider`),
  `${t('订单', 'orders')}: ${pairs(findings.ordersByState)}`, `${t('此后', 'afterwards')}: ${pairs(deeds)}`, `${t('风控', 'verdicts')}: ${pairs(findings.verdicts)}; ${pairs(findings.verdictReasons)}`,
  t(`重演 ${took(playing)}；全程 ${took(whole)}`, `played in ${took(playing)}; all in ${took(whole)}`), ...trialBalanceLines(findings),
];
