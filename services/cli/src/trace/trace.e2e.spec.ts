import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Check } from '../audit/after.js';
import { createSpeech } from '../speech.js';
import { benefitsChecks, benefitsFile, traceBenefits } from './benefits/trace-benefits.js';
import { paymentsFile } from './chargebacks/payments.js';
import { chargebackChecks, chargebackLines, traceChargebacks } from './chargebacks/trace-chargebacks.js';
import { purchasesFile } from './fraud/purchases.js';
import { fraudChecks, fraudLines, traceFraud } from './fraud/trace-fraud.js';
import { listsChecks, listsFolder, traceLists } from './lists/trace-lists.js';

/** The whole takes a minute or two; a tenth of it says as much about what could break. */
const FRACTION = process.env.VOUCHSAFE_LONG ? 1 : 0.1;
const TIMEOUT_MS = process.env.VOUCHSAFE_LONG ? 900_000 : 300_000;
const speech = createSpeech('en', false, { out: () => {}, err: () => {} });
const tell = (lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n`);
const broken = (checks: readonly Check[]): readonly string[] => checks.flatMap(([ok, text, why]) => (ok ? [] : [text, ...why]));

/** Skipped, and said so, where the real input is not there (it is never part of the project). */
const withData = (name: string, file: string, test: () => Promise<void>): void =>
  existsSync(file) ? it(name, test, TIMEOUT_MS) : it.skip(`${name} (skipped: no ${path.basename(file)}, see VOUCHSAFE_SHARED)`, test);

withData('first purchases through the public contract: fraud is denied, every row ends, and everything audits clean', purchasesFile(), async () => {
  const report = await traceFraud({ file: purchasesFile(), fraction: FRACTION }, speech);
  tell(fraudLines(report, speech.t));
  expect(broken(fraudChecks(report, speech.t))).toEqual([]);
  expect(report.rows).toBeGreaterThan(FRACTION * 30_000);
  expect(Object.keys(report.deeds)).toEqual(expect.arrayContaining(['fetched', 'redeemed', 'reversed', 'refund completed']));
});

withData('card payments, charged back seven days later: the rows of ACCOUNTS hold, books balance to the cent', paymentsFile(), async () => {
  const report = await traceChargebacks({ file: paymentsFile() }, speech);
  tell(chargebackLines(report, speech.t));
  expect(broken(chargebackChecks(report, speech.t))).toEqual([]);
  expect([report.rows, report.chargedBack]).toEqual([1_848, 161]);
});

withData('nineteen carrier benefits are applied and bought, as top-ups and as codes', benefitsFile(), async () => {
  expect(broken(benefitsChecks(await traceBenefits({ file: benefitsFile() }, speech), speech.t))).toEqual([]);
});

withData('an order from a Tor node, a datacenter or a VPN is given that fact', listsFolder(), async () => {
  const report = await traceLists({ folder: listsFolder() }, speech);
  expect(broken(listsChecks(report, speech.t))).toEqual([]);
  expect(report.lists.map(({ id, entries }) => [id, entries])).toEqual([
    ['lis_tor', expect.any(Number)], ['lis_datacenter-v4', 42_566], ['lis_datacenter-v6', 8_752], ['lis_vpn-v4', 10_862], ['lis_vpn-v6', 498], ['lis_disposable', 8_335],
  ]);
});
