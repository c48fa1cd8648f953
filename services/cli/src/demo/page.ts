import { EOL } from 'node:os';
import { titleOf } from '@vouchsafe/insight';
import type { RecordedEvent } from '@vouchsafe/event-store';
import type { Findings } from '../audit/auditor.js';
import { checklist, eventLine, trialBalanceLines } from '../audit/present.js';
import type { Speech } from '../speech.js';

export type Page = {
  readonly findings: Findings;
  /** One voucher's events. */
  readonly life: readonly RecordedEvent[];
  readonly voucherId: string;
  /** Checks beyond the log's own: views, acknowledgements. */
  readonly more: readonly (readonly [boolean, string, readonly string[]])[];
  readonly acked: number;
  readonly callMs: readonly number[];
};

const percent = (sorted: readonly number[], share: number): string => `${Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)} ms`;
const top = (counts: Readonly<Record<string, number>>, n = 3): string => Object.entries(counts).sort(([, a], [, b]) => b - a).slice(0, n).map(([word, count]) => `${word} ${count}`).join(', ') || '–';

/** What the demo ends with. */
export const pageLines = ({ findings, life, voucherId, more, callMs }: Page, t: Speech['t']): readonly string[] => {
  const sorted = [...callMs].sort((a, b) => a - b);
  const all = [...checklist(findings, t), ...more];
  return [
    '', `━━ ${t('六个数字', 'six numbers')} ━━`,
    `  ${t('订单', 'orders')}        ${top(findings.ordersByState, 5)}   ${t('原因', 'reasons')}: ${top(findings.reasons)}`,
    `  ${t('用时', 'from call to end')}  p50 ${percent(sorted, 0.5)}  p99 ${percent(sorted, 0.99)}`,
    `  ${t('风控', 'verdicts')}      ${top(findings.verdicts, 4)}   ${t('规则', 'rules')}: ${top(findings.verdictReasons)}`,
    `  ${t('展示 / 核销', 'disclosed / redeemed')}  ${findings.disclosures} / ${findings.redemptions}`,
    `  ${t('库存', 'units')}        ${top(findings.units, 5)}`,
    `  ${t('事件 / 分录', 'events / entries')}  ${findings.events} / ${findings.entries}`,
    '', `━━ ${t('一张券的一生', "one voucher's life")}: ${voucherId} ━━`,
    ...life.map((event) => `  ${eventLine(event, titleOf(event.type), t)}`),
    '', `━━ ${t('试算平衡（借为正）', 'trial balance (debit positive)')} ━━`, ...trialBalanceLines(findings),
    '', `━━ ${t('由数据算出的清单', 'a checklist computed from the data')} ━━`,
    ...all.flatMap(([ok, text, why]) => [`  ${ok ? '✔' : '✘'} ${text}`, ...(ok ? [] : why.map((line) => `      ${line}`))]),
    '',
  ];
};

/** Paste-ready attempts at cheating, with the refusal to expect. */
export const cheatLines = (t: Speech['t']): readonly string[] => [
  `━━ ${t('来骗我们试试（先在另一个终端运行 make up，再 . .vouchsafe/env）', 'try to cheat us (first make up in another terminal, then . .vouchsafe/env)')} ━━`,
  `  # ${t('同号不同单', 'the same number with another body')} → 409 ORDER_NUMBER_REUSED`,
  ...[1, 2].map((quantity) => `  curl -s -X POST $VOUCHSAFE_URL/v1/orders -H "authorization: Bearer $VOUCHSAFE_KEY" -H 'content-type: application/json' -d '{"number":"CHEAT-1","lines":[{"productId":"prd_coffee","quantity":${quantity}}]}'`),
  `  # ${t('重复核销：第二次', 'redeem twice: the second time')} → 409 ALREADY_REDEEMED`,
  `  CODE=$(npx vouchsafe order --number CHEAT-2 --product prd_coffee --secrets --json | node -p 'JSON.parse(require("fs").readFileSync(0)).secrets[0].secrets[0].code')`,
  ...[900_001, 900_002].map((sequence) => `  npx vouchsafe redeem --code "$CODE" --sequence ${sequence}`),
  `  # ${t('别的渠道的订单号', "another channel's id")} → 404`,
  `  curl -s "$VOUCHSAFE_URL/v1/orders:byNumber?number=CHEAT-1" -H "authorization: Bearer $VOUCHSAFE_KEY_CORP"`,
  `  # ${t('断电再来：kill -9 后重新 make up，数据仍在', 'a power cut: kill -9 it and make up again, everything is there')}`,
].join(EOL).split(EOL);
