import { displayMoney } from '@vouchsafe/kernel';
import type { RecordedEvent } from '@vouchsafe/event-store';
import type { Speech } from '../speech.js';
import type { Findings } from './auditor.js';
import { WAITING } from './orders.js';

const pairs = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts).sort(([, a], [, b]) => b - a).map(([word, n]) => `${word} ${n}`).join(', ') || '–';

/** The checklist computed from the data: what it promises, and whether it held. */
export const checklist = ({ violations, units, ordersByState }: Findings, t: Speech['t']): readonly (readonly [boolean, string, readonly string[]])[] => [
  [violations.codes.length === 0, t('没有一码多卖、没有超卖', 'no code sold twice, nothing oversold') + ` (${pairs(units)})`, violations.codes],
  [violations.redemptions.length === 0, t('没有重复核销', 'nothing redeemed twice'), violations.redemptions],
  [violations.books.length === 0, t('账目平衡', 'books balance'), violations.books],
  [violations.integrity.length === 0, t('日志完整（校验和与哈希链）', 'the log is whole (checksums and the chain of frames)'), violations.integrity],
  [violations.orders.length === 0, t('每个订单都有结局', 'every order has ended') + waitingOf(ordersByState, t), violations.orders],
];
/** Orders that wait for somebody else than the platform are no fault of it, but they are told. */
const waitingOf = (ordersByState: Findings['ordersByState'], t: Speech['t']): string => {
  const waiting = Object.entries(WAITING).flatMap(([state, words]) => (ordersByState[state] ? [`${ordersByState[state]} ${t(words.zh, words.en)}`] : []));
  return waiting.length === 0 ? '' : t(`；另有尚在等待的：${waiting.join('，')}`, `, but for ${waiting.join(', ')}`);
};

export const findingsLines = (findings: Findings, t: Speech['t']): readonly string[] => [
  `${t('事件', 'events')} ${findings.events}, ${t('流', 'streams')} ${findings.streams}, ${t('分录', 'entries')} ${findings.entries}`,
  `${t('订单', 'orders')}: ${pairs(findings.ordersByState)}`,
  `${t('原因', 'reasons')}: ${pairs(findings.reasons)}`,
  `${t('风控', 'verdicts')}: ${pairs(findings.verdicts)}`,
  ...checklist(findings, t).flatMap(([ok, text, why]) => [`${ok ? '✔' : '✘'} ${text}`, ...(ok ? [] : why.map((line) => `    ${line}`))]),
];

/** The trial balance, per book and currency, debit positive. */
export const trialBalanceLines = ({ trialBalance, ledgerSums }: Findings): readonly string[] => [
  ...trialBalance.map(([book, currency, account, minor]) => `  ${book} ${currency} ${account.padEnd(52)} ${displayMoney({ minor, currency }).padStart(16)}`),
  ...Object.entries(ledgerSums).map(([key, sum]) => `  ${key} Σ ${sum}`),
];

/** Pads to columns of a terminal, where Chinese characters and their punctuation are two wide. */
const padColumns = (text: string, columns: number): string => text + ' '.repeat(Math.max(0, columns - [...text].reduce((sum, char) => sum + (/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/.test(char) ? 2 : 1), 0)));

/** The longest title of an event that a voucher's life usually has. */
const TITLE_COLUMNS = 30;
/** One event as a line of a timeline. */
export const eventLine = (event: Pick<RecordedEvent, 'stream' | 'principal'> & { readonly recordedAt: number; readonly revision: number }, title: { readonly zh: string; readonly en: string }, t: Speech['t']): string =>
  `${new Date(event.recordedAt).toISOString()}  ${padColumns(t(title.zh, title.en), TITLE_COLUMNS)} ${event.stream}@${event.revision}  ${event.principal}`;
