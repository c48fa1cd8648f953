/**
 * What the sandbox provider does is told by the last two characters of the account:
 *
 * | ends in | behaviour | 行为 |
 * | --- | --- | --- |
 * | 01 | fails at once, `ACCOUNT_CLOSED` | 立即失败 |
 * | 02 | carries it out, but never answers the submission; asked, it says succeeded | 已到账但不应答 |
 * | 03 | carries it out or not, nobody knows: submission and every question are answered `unknown` | 始终未知 |
 * | 04 | `processing`, succeeds after `lateMs` | 延迟成功 |
 * | 05 | has no idempotency: answers the first submission with HTTP 500 after carrying it out, and would carry it out again | 重复提交会重复到账 |
 * | 06 | half of the quantity (rounded down) reaches the account | 部分成功 |
 * | 07 | drops the first submission before it is seen; asked, it knows nothing; the second one succeeds | 首次丢失 |
 * | 08 | HTTP 503 twice, unseen, then succeeds | 先不可用后成功 |
 * | 09 | `processing`, fails after `lateMs`, `NO_STOCK` | 延迟失败 |
 * | 10 | carries it out, answers what is not JSON | 应答乱码 |
 * | 11 | `unknown` for the first three questions, then succeeded | 先未知后成功 |
 * | else | succeeds at once | 立即成功 |
 */
export const behaviourOf = (account: string): Behaviour => BY_ENDING[account.slice(-2)] ?? 'succeed';

export type Behaviour =
  | 'succeed' | 'fail' | 'hang' | 'unknown' | 'late' | 'twice' | 'partly' | 'lose-first' | 'unavailable' | 'late-failure' | 'garble' | 'unknown-then-known';
const BY_ENDING: Readonly<Record<string, Behaviour>> = {
  '01': 'fail', '02': 'hang', '03': 'unknown', '04': 'late', '05': 'twice', '06': 'partly', '07': 'lose-first', '08': 'unavailable', '09': 'late-failure',
  '10': 'garble', '11': 'unknown-then-known',
};
