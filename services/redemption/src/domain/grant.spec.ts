import { money } from '@vouchsafe/kernel';
import { specification } from '@vouchsafe/testing';
import { activated, after, grantOf, redeem, redeemed, T0, termsOf } from '../testing/samples.js';
import { grantDecider } from './grant.js';
import type { GrantCommand, GrantEvent } from './grant-messages.js';

const grant = specification(grantDecider);
const DAY_MS = 86_400_000;
/** At place 1. */
const unit = { batchId: 'bat_1', index: 11 };
const disclose = (over: object = {}): GrantCommand => ({ type: 'Disclose', disclosureId: 'dsc_1', principalId: 'pri_1', at: after(1_000), ...over });
const disclosed = (over: object = {}): GrantEvent => ({
  type: 'UnitsDisclosed', disclosureId: 'dsc_1', orderId: 'ord_1', lineId: '1', principalId: 'pri_1', at: after(1_000),
  ranges: [{ batchId: 'bat_1', from: 10, to: 13 }, { batchId: 'bat_2', from: 90, to: 91 }], ...over,
});

describe('a grant chunk', () => {
  it('is opened once; the same again is the same, other content is refused', () => {
    grant.given().when({ type: 'Activate', ...grantOf() }).then(activated());
    grant.given(activated()).when({ type: 'Activate', ...grantOf({ at: after(9) }) }).then();
    grant.given(activated()).when({ type: 'Activate', ...grantOf({ lineGross: money(1n, 'CNY') }) }).rejected('GRANT_DIFFERS');
  });

  describe('redemption', () => {
    it('uses a voucher once, worth its share of the line', () => {
      grant.given(activated()).when(redeem()).then(redeemed());
      grant.given(activated(), redeemed()).when(redeem({ at: after(99_000) })).then();
      grant.given(activated(), redeemed()).when(redeem({ redemptionId: 'rdm_2' })).rejected('ALREADY_REDEEMED', { redeemedAtMs: String(after(60_000)), storeId: 'sto_1' });
    });
    it('is unknown outside the chunk and before activation', () => {
      grant.given().when(redeem()).rejected('GRANT_UNKNOWN');
      grant.given(activated()).when(redeem({ place: 4 })).rejected('GRANT_UNKNOWN');
    });
    it('uses n of m times, the uses adding up to the unit', () => {
      const threeTimes = activated({ terms: termsOf({ usage: 'times', times: 3 }) });
      const uses = [redeemed({ gross: money(83n, 'CNY'), tax: money(5n, 'CNY') }), redeemed({ redemptionId: 'rdm_2', gross: money(84n, 'CNY'), tax: money(5n, 'CNY') })];
      grant.given(threeTimes).when(redeem()).then(uses[0]!);
      grant.given(threeTimes, uses[0]!).when(redeem({ redemptionId: 'rdm_2' })).then(uses[1]!);
      grant.given(threeTimes, ...uses).when(redeem({ redemptionId: 'rdm_3' })).then(redeemed({ redemptionId: 'rdm_3', gross: money(83n, 'CNY'), tax: money(5n, 'CNY') }));
      grant.given(threeTimes, ...uses, redeemed({ redemptionId: 'rdm_3' })).when(redeem({ redemptionId: 'rdm_4' })).rejected('USES_SPENT');
    });
    it('takes an amount off a balance and no more than there is', () => {
      const balance = activated({ terms: termsOf({ usage: 'balance', faceMinor: 500n }) });
      grant.given(balance).when(redeem()).rejected('AMOUNT_REQUIRED');
      grant.given(balance).when(redeem({ amount: money(1n, 'USD') })).rejected('AMOUNT_CURRENCY', { currency: 'CNY' });
      grant.given(balance).when(redeem({ amount: money(501n, 'CNY') })).rejected('VOUCHER_BALANCE_SHORT', { leftMinor: '500', currency: 'CNY' });
      const first = redeemed({ used: 200n, gross: money(100n, 'CNY'), tax: money(6n, 'CNY') });
      grant.given(balance).when(redeem({ amount: money(200n, 'CNY') })).then(first);
      grant.given(balance, first).when(redeem({ redemptionId: 'rdm_2', amount: money(300n, 'CNY') }))
        .then(redeemed({ redemptionId: 'rdm_2', used: 300n, gross: money(150n, 'CNY'), tax: money(9n, 'CNY') }));
      grant.given(activated()).when(redeem({ amount: money(1n, 'CNY') })).rejected('AMOUNT_NOT_ALLOWED');
    });
    it('keeps to validity, store, scene, weekday and hour', () => {
      const narrow = activated({
        endsAt: after(DAY_MS), terms: termsOf({ validFrom: after(1_000), weekdays: [1, 2], fromMinute: 540, toMinute: 600, storeIds: ['sto_1'], scenes: ['dine-in'] }),
      });
      const fits = { scene: 'dine-in' };
      grant.given(narrow).when(redeem(fits)).then(redeemed(fits));
      grant.given(narrow).when(redeem({ ...fits, at: T0 })).rejected('NOT_YET_VALID');
      grant.given(narrow).when(redeem({ ...fits, at: after(DAY_MS) })).then(redeemed({ ...fits, at: after(DAY_MS) }));
      grant.given(narrow).when(redeem({ ...fits, at: after(DAY_MS + 1) })).rejected('VOUCHER_EXPIRED');
      grant.given(narrow).when(redeem({ ...fits, storeId: 'sto_2' })).rejected('NOT_AT_THIS_STORE');
      grant.given(narrow).when(redeem()).rejected('NOT_IN_THIS_SCENE');
      grant.given(narrow).when(redeem({ ...fits, local: { weekday: 3, minute: 540 } })).rejected('NOT_AT_THIS_TIME');
      grant.given(narrow).when(redeem({ ...fits, local: { weekday: 1, minute: 539 } })).rejected('NOT_AT_THIS_TIME');
      grant.given(narrow).when(redeem({ ...fits, local: { weekday: 1, minute: 600 } })).rejected('NOT_AT_THIS_TIME');
    });
    it('knows hours over midnight', () => {
      const night = activated({ terms: termsOf({ fromMinute: 1_320, toMinute: 120 }) });
      grant.given(night).when(redeem({ local: { weekday: 1, minute: 60 } })).then(redeemed());
      grant.given(night).when(redeem({ local: { weekday: 1, minute: 120 } })).rejected('NOT_AT_THIS_TIME');
    });
    it('takes our commission at a partner\'s store', () => {
      grant.given(activated()).when(redeem({ partner: { merchantId: 'mer_1', commissionBp: 1_000, commissionTaxBp: 600 } })).then(
        redeemed({ partnerMerchantId: 'mer_1', partnerCommission: money(25n, 'CNY'), partnerCommissionTax: money(1n, 'CNY') }));
    });
    it('is not for links', () => grant.given(activated({ kind: 'link' })).when(redeem()).rejected('NOT_REDEEMABLE'));
  });

  describe('reversal', () => {
    const reverse = (over: object = {}): GrantCommand => ({ type: 'Reverse', redemptionId: 'rdm_1', place: 1, reason: 'mistake', at: after(120_000), ...over });
    const reversed: GrantEvent = {
      type: 'RedemptionReversed', factId: 'reversed/rdm_1', originalFactId: 'redeemed/rdm_1', redemptionId: 'rdm_1', kind: 'own_voucher', unit, reason: 'mistake', at: after(120_000),
      dims: { bookId: 'main', channelId: 'chn_1', orderId: 'ord_1', lineId: '1', batchId: 'bat_1' },
    };
    it('gives the use back within the window, once', () => {
      grant.given(activated(), redeemed()).when(reverse()).then(reversed);
      grant.given(activated(), redeemed(), reversed).when(reverse()).then();
      grant.given(activated(), redeemed(), reversed).when(redeem({ redemptionId: 'rdm_2' })).then(redeemed({ redemptionId: 'rdm_2' }));
    });
    it('answers a repeat of the reversed redemption without using the voucher again', () =>
      grant.given(activated(), redeemed(), reversed).when(redeem()).then());
    it('is refused when late or unknown', () => {
      grant.given(activated(), redeemed()).when(reverse({ at: after(60_000 + DAY_MS + 1) })).rejected('REVERSAL_TOO_LATE');
      grant.given(activated(), redeemed()).when(reverse({ redemptionId: 'rdm_9' })).rejected('REDEMPTION_UNKNOWN');
    });
  });

  describe('disclosure', () => {
    it('is for the order\'s principal, again a number of times within a time', () => {
      grant.given(activated()).when(disclose()).then(disclosed());
      grant.given(activated(), disclosed()).when(disclose()).then();
      const three = ['dsc_1', 'dsc_2', 'dsc_3'].map((disclosureId) => disclosed({ disclosureId }));
      grant.given(activated(), ...three.slice(0, 2)).when(disclose({ disclosureId: 'dsc_3' })).then(disclosed({ disclosureId: 'dsc_3' }));
      const spent: GrantEvent = { type: 'DisclosureRefused', principalId: 'pri_1', code: 'DISCLOSURE_ALLOWANCE_SPENT', at: after(1_000) };
      grant.given(activated(), ...three).when(disclose({ disclosureId: 'dsc_4' })).then(spent);
      grant.given(activated(), ...three, spent).when(disclose({ disclosureId: 'dsc_4' })).rejected('DISCLOSURE_ALLOWANCE_SPENT');
      const late = after(1_000 + 3 * DAY_MS + 1);
      grant.given(activated(), disclosed()).when(disclose({ disclosureId: 'dsc_2', at: late })).then({ ...spent, at: late });
    });
    it('puts anyone else on record and gives nothing, unless two persons break the glass', () => {
      grant.given(activated()).when(disclose({ principalId: 'pri_2' })).then({ type: 'DisclosureRefused', principalId: 'pri_2', code: 'NOT_YOURS', at: after(1_000) });
      grant.given(activated(), disclosed()).when(disclose({ principalId: 'pri_2' })).rejected('NOT_YOURS');
      const glass = { principalId: 'pri_2', reason: 'ticket 7', approvalId: 'apr_1' };
      grant.given(activated()).when(disclose(glass)).then(disclosed(glass));
      grant.given(activated(), disclosed({ ...glass, disclosureId: 'dsc_0' })).when(disclose()).then(disclosed());
    });
    it('leaves out what is frozen or voided', () => {
      const frozen: GrantEvent = { type: 'VoucherFrozen', unit, reason: 'dispute', at: T0 };
      grant.given(activated(), frozen).when(disclose()).then(
        disclosed({ ranges: [{ batchId: 'bat_1', from: 10, to: 11 }, { batchId: 'bat_1', from: 12, to: 13 }, { batchId: 'bat_2', from: 90, to: 91 }] }));
    });
  });

  describe('after-sales', () => {
    it('freezes and unfreezes', () => {
      const frozen: GrantEvent = { type: 'VoucherFrozen', unit, reason: 'dispute', at: T0 };
      grant.given(activated()).when({ type: 'Freeze', place: 1, reason: 'dispute', at: T0 }).then(frozen);
      grant.given(activated(), frozen).when(redeem()).rejected('VOUCHER_FROZEN');
      grant.given(activated(), frozen, { type: 'VoucherUnfrozen', unit, reason: 'won', at: T0 }).when(redeem()).then(redeemed());
    });
    it('extends to later only, and says when the right lapses then', () => {
      const extend = (at: number): GrantCommand => ({ type: 'Extend', place: 1, endsAt: after(at), reason: 'goodwill', at: T0 });
      const ending = activated({ endsAt: after(50_000) });
      const extended: GrantEvent = { type: 'VoucherExtended', unit, endsAt: after(70_000), lapsesAt: after(70_000 + DAY_MS + 1), reason: 'goodwill', at: T0 };
      grant.given(ending).when(extend(70_000)).then(extended);
      grant.given(ending, extended).when(redeem()).then(redeemed());
      grant.given(ending).when(redeem()).rejected('VOUCHER_EXPIRED');
      grant.given(ending).when(extend(40_000)).rejected('EXTENSION_NOT_LATER');
      grant.given(activated()).when(extend(40_000)).rejected('EXTENSION_NOT_LATER');
    });
  });

  describe('ending', () => {
    const cancel = (places: readonly number[], over: object = {}): GrantCommand => ({ type: 'Void', refundId: 'rfd_1', places, reason: 'refund', at: after(90_000), ...over });
    it('voids what is unused, names what is not, and answers a repeat from memory', () => {
      const voided: GrantEvent = {
        type: 'UnitsVoided', refundId: 'rfd_1', reason: 'refund', at: after(90_000), refused: [{ ...unit, code: 'ALREADY_REDEEMED' }],
        accepted: [{ batchId: 'bat_1', from: 12, to: 13, disclosed: false, unusedMinor: 250n }, { batchId: 'bat_2', from: 90, to: 91, disclosed: false, unusedMinor: 250n }],
      };
      grant.given(activated(), redeemed()).when(cancel([3, 1, 2, 2])).then(voided);
      grant.given(activated(), redeemed(), voided).when(cancel([0])).then();
      grant.given(activated(), redeemed(), voided).when(redeem({ redemptionId: 'rdm_2', place: 2 })).rejected('VOUCHER_VOIDED');
    });
    it('refunds nothing that is partly used; a charge-back ends its rest', () => {
      const past = [activated({ terms: termsOf({ usage: 'times', times: 2 }) }), redeemed({ gross: money(125n, 'CNY'), tax: money(7n, 'CNY') })];
      grant.given(...past).when(cancel([1])).then({ type: 'UnitsVoided', refundId: 'rfd_1', reason: 'refund', accepted: [], refused: [{ ...unit, code: 'PARTLY_REDEEMED' }], at: after(90_000) });
      grant.given(...past).when(cancel([1], { reason: 'chargeback' })).then({
        type: 'UnitsVoided', refundId: 'rfd_1', reason: 'chargeback', refused: [], at: after(90_000), accepted: [{ batchId: 'bat_1', from: 11, to: 12, disclosed: true, unusedMinor: 125n }],
      });
    });
    it('lets unused rights lapse after their end and the last reversal; the rest is breakage', () => {
      const ends = activated({ endsAt: after(70_000) });
      const due = after(70_000 + DAY_MS + 1);
      grant.given(ends).when({ type: 'Lapse', due, at: after(70_000 + DAY_MS) }).then({ type: 'UnitsLapsed', ranges: [], at: after(70_000 + DAY_MS) });
      grant.given(ends, redeemed()).when({ type: 'Lapse', due, at: due }).then(
        { type: 'UnitsLapsed', ranges: [{ batchId: 'bat_1', from: 10, to: 11 }, { batchId: 'bat_1', from: 12, to: 13 }, { batchId: 'bat_2', from: 90, to: 91 }], at: due },
        { type: 'RightLapsed', factId: 'lapsed/ord_1/1/0', dims: grantOf().dims, kind: 'own_voucher', ownClass: 'taxed', gross: money(750n, 'CNY'), tax: money(42n, 'CNY') });
    });
    it('never lapses cards under prepaid rules or others\' codes', () => {
      const due = after(DAY_MS * 9);
      for (const over of [{ terms: termsOf({ ownClass: 'prepaid_untaxed' as const }) }, { kind: 'code' as const }]) {
        grant.given(activated({ endsAt: after(70_000), ...over })).when({ type: 'Lapse', due, at: due }).then({ type: 'UnitsLapsed', ranges: [], at: due });
      }
    });
  });
});
