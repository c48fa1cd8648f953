/**
 * What the sandbox payment provider does is told by the end of the order's number:
 *
 * | number ends in | behaviour | 行为 |
 * | --- | --- | --- |
 * | `.paid` | the buyer pays after `payAfterMs` | 买家付款 |
 * | `.declined` | the payment fails | 付款失败 |
 * | `.closed` | the buyer closes it | 买家关闭 |
 * | `.over`, `.under` | one minor unit too much, too little | 多付、少付 |
 * | `.twice` | paid by two transactions | 重复付款 |
 * | `.dup` | one payment, its notice sent three times | 通知重复 |
 * | `.silent` | paid, but no notice ever comes; asked, it says so | 不发通知，查询可知 |
 * | `.late` | paid after the buyer's time was over | 超时后付款 |
 * | `.forged` | a notice with a wrong signature, and no payment | 伪造通知 |
 * | `.disorder` | a notice that it was closed comes after the one that it was paid | 通知乱序 |
 * | `.refundfails` | paid; a refund fails | 退款失败 |
 * | `.refundslow` | paid; a refund is pending, then unknown, then succeeds | 退款缓慢 |
 * | `.charged` | paid, charged back after `chargebackAfterMs` | 拒付 |
 * | `.won`, `.lost` | the same, and after as long again the dispute is won, lost | 拒付后胜诉、败诉 |
 * | `.down` | setting up fails twice before it works | 下单接口先失败两次 |
 * | else | nothing until `POST /payments/<id>/pay` (or another action) | 等待操作 |
 */
export const behaviourOf = (reference: string): Behaviour => {
  const ending = reference.slice(reference.lastIndexOf('.') + 1);
  return reference.includes('.') && KNOWN.has(ending) ? (ending as Behaviour) : 'wait';
};
export type Behaviour =
  | 'paid' | 'declined' | 'closed' | 'over' | 'under' | 'twice' | 'dup' | 'silent' | 'late' | 'forged' | 'disorder' | 'refundfails' | 'refundslow' | 'charged'
  | 'won' | 'lost' | 'down' | 'wait';
const KNOWN: ReadonlySet<string> = new Set([
  'paid', 'declined', 'closed', 'over', 'under', 'twice', 'dup', 'silent', 'late', 'forged', 'disorder', 'refundfails', 'refundslow', 'charged', 'won', 'lost', 'down',
]);
