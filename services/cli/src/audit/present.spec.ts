import { createSpeech } from '../speech.js';
import { Auditor } from './auditor.js';
import { checklist } from './present.js';

const speech = (locale: 'zh' | 'en') => createSpeech(locale, false, { out: () => {}, err: () => {} });
const lastLine = (ordersByState: Readonly<Record<string, number>>, orders: readonly string[] = [], locale: 'zh' | 'en' = 'en') => {
  const findings = new Auditor().findings();
  return checklist({ ...findings, ordersByState, violations: { ...findings.violations, orders } }, speech(locale).t).at(-1);
};

it('says that every order has ended, and how many wait for a person or a buyer', () => {
  expect(lastLine({ COMPLETED: 7, REJECTED: 2 })).toEqual([true, 'every order has ended', []]);
  expect(lastLine({ COMPLETED: 7, IN_REVIEW: 3, AWAITING_PAYMENT: 1 })).toEqual([true, 'every order has ended, but for 3 in review by a person, 1 awaiting payment', []]);
  expect(lastLine({ IN_REVIEW: 3 }, [], 'zh')).toEqual([true, '每个订单都有结局；另有尚在等待的：3 待人工审核', []]);
  expect(lastLine({ OPEN: 1, IN_REVIEW: 1 }, ['ord_1 has not ended'])).toEqual([false, 'every order has ended, but for 1 in review by a person', ['ord_1 has not ended']]);
});
