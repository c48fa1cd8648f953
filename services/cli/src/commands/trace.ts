import { type Command, InvalidArgumentError } from 'commander';
import type { Check } from '../audit/after.js';
import type { Shell } from '../shell.js';
import { EXIT, type Speech } from '../speech.js';
import { benefitsChecks, benefitsFile, traceBenefits } from '../trace/benefits/trace-benefits.js';
import { paymentsFile } from '../trace/chargebacks/payments.js';
import { chargebackChecks, chargebackLines, traceChargebacks } from '../trace/chargebacks/trace-chargebacks.js';
import { purchasesFile } from '../trace/fraud/purchases.js';
import { fraudChecks, fraudLines, traceFraud } from '../trace/fraud/trace-fraud.js';
import { listsChecks, listsFolder, listsLines, traceLists } from '../trace/lists/trace-lists.js';

type T = (zh: string, en: string) => string;

const share = (text: string): number => {
  const value = Number(text);
  if (!(value > 0 && value <= 1)) throw new InvalidArgumentError('a share above 0, at most 1 / 需要大于 0、不超过 1 的比例');
  return value;
};

/** Commands that play real records through the public contract, on a simulated clock, and audit what they left. */
export const registerTrace = (program: Command, shell: Shell, t: T): void => {
  const trace = program.command('trace').description(t('用真实记录重演：模拟时钟、公开接口、事后审计', 'play real records: simulated clock, public contract, audited afterwards'));

  trace.command('fraud').description(t('重演 33,236 次首购，核对风控结论', '33,236 first purchases, verdicts held against what is known'))
    .option('--file <file>', t('数据文件', 'data file'), purchasesFile()).option('--fraction <share>', t('按设备抽取的比例', 'share of the devices'), share, 1)
    .addHelpText('after', '\n  vouchsafe trace fraud --fraction 0.1\n')
    .action(async (options: { file: string; fraction: number }) => {
      const speech = shell.speech();
      const report = await traceFraud(options, speech);
      shell.exit(told(speech, report, fraudLines(report, speech.t), fraudChecks(report, speech.t)));
    });

  trace.command('chargebacks').description(t('重演 1,848 笔银行卡付款，七天后拒付，核对账务', '1,848 card payments, charged back seven days later, books held against them'))
    .option('--file <file>', t('数据文件', 'data file'), paymentsFile()).addHelpText('after', '\n  vouchsafe trace chargebacks\n')
    .action(async (options: { file: string }) => {
      const speech = shell.speech();
      const report = await traceChargebacks(options, speech);
      shell.exit(told(speech, report, chargebackLines(report, speech.t), chargebackChecks(report, speech.t)));
    });

  trace.command('benefits').description(t('应用运营商权益目录并购买：直充与卡密', 'a carrier’s benefits applied and bought: top-ups and codes')).option('--file <file>', t('数据文件', 'data file'), benefitsFile())
    .addHelpText('after', '\n  vouchsafe trace benefits\n')
    .action(async (options: { file: string }) => {
      const speech = shell.speech();
      const report = await traceBenefits(options, speech);
      shell.exit(told(speech, report, [], benefitsChecks(report, speech.t)));
    });

  trace.command('lists').description(t('载入真实网络名单，从各类地址下单', 'real network lists loaded, orders from addresses of each kind')).option('--folder <folder>', t('名单所在目录', 'folder of the lists'), listsFolder())
    .addHelpText('after', '\n  vouchsafe trace lists\n')
    .action(async (options: { folder: string }) => {
      const speech = shell.speech();
      const report = await traceLists(options, speech);
      shell.exit(told(speech, report, listsLines(report, speech.t), listsChecks(report, speech.t)));
    });
};

/** Prints a report and its checklist; the exit code says whether everything held. */
const told = (speech: Speech, report: object, lines: readonly string[], checks: readonly Check[]): number => {
  speech.result({ ...report, checks: checks.map(([ok, text, why]) => ({ ok, text, why })) }, () => [
    ...lines, ...checks.flatMap(([ok, text, why]) => [`${ok ? '✔' : '✘'} ${text}`, ...(ok ? [] : why.map((line) => `    ${line}`))]),
  ]);
  return checks.every(([ok]) => ok) ? EXIT.ok : EXIT.refused;
};
