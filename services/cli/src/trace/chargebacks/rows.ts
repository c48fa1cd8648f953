import { OrderState } from '@vouchsafe/proto/order/v1/order';
import type { Check } from '../../audit/after.js';
import type { EntrySums } from './entries.js';
import { linesOf, OWN, VOUCHER_MINOR } from './market.js';
import type { Played, Story } from './play.js';

/** The sandbox's fee on a charge-back, and the tariff by which its fee on a payment is accrued. */
const DISPUTE_FEE_MINOR = 1_500n;
const FEE_BP = 60n;
const [CLEARING, DISPUTE, UNDELIVERED, REFUND] = ['assets:clearing:psp:', 'assets:dispute:psp:', 'liabilities:contract:undelivered', 'liabilities:refund'];
const [OWNED, PENDING, LOSS, FEE, INPUT, STOCK, COST, AGENCY] = [
  'liabilities:contract:own', 'liabilities:tax:pending', 'expenses:loss:chargeback', 'expenses:fee:psp', 'assets:tax:input', 'assets:inventory:codes:', 'expenses:cost:codes', 'liabilities:supplier:agency:',
];

/** Unused vouchers of ours in an order, at what they were sold for. */
const unusedOwn = ({ payment: { minor }, used }: Story): bigint => {
  const own = linesOf(minor).find(({ productId }) => productId === OWN)?.quantity ?? 0;
  return BigInt(own - used) * VOUCHER_MINOR;
};
const total = (stories: readonly Story[], of: (story: Story) => bigint): bigint => stories.reduce((sum, story) => sum + of(story), 0n);
const amount = ({ payment }: Story): bigint => payment.minor;
const fee = ({ payment }: Story): bigint => (payment.minor * FEE_BP * 2n + 10_000n) / 20_000n;

/** ACCOUNTS.md's rows about consumers' payments, held against what the file and the counter say: each line is expected, then found. */
export const accountsRows = ({ stories, paidOut }: Played, books: EntrySums): readonly (readonly [row: string, expected: bigint, found: bigint])[] => {
  const paid = stories.filter(({ state }) => state === OrderState.COMPLETED);
  const disputed = paid.filter(({ payment: { fate } }) => fate !== 'paid');
  const [lost, won] = (['lost', 'won'] as const).map((fate) => paid.filter(({ payment }) => payment.fate === fate)) as [Story[], Story[]];
  const undone = books.of('ChargebackLost', STOCK) + books.of('ChargebackLost', AGENCY);
  return [
    ['consumer payment notice: entries', BigInt(paid.length), BigInt(books.count('ConsumerPaid'))],
    ['consumer payment notice: contract:undelivered X', -total(paid, amount), books.of('ConsumerPaid', UNDELIVERED)],
    ['provider’s fee accrued: fee:psp F, tax:input Tf', total(paid, fee), books.of('ConsumerPaid', FEE) + books.of('ConsumerPaid', INPUT)],
    ['… clearing:psp X − F − Tf', total(paid, (story) => amount(story) - fee(story)), books.of('ConsumerPaid', CLEARING)],
    ['delivery: contract:undelivered G', total(paid, amount), books.of('Delivered', UNDELIVERED)],
    ['nothing paid and undelivered is left', 0n, books.balance(UNDELIVERED)],
    ['refund: refund G', -total(paid, ({ refunded }) => refunded), books.of('RefundDelivered', REFUND)],
    ['provider confirms a refund: clearing:psp G', -total(paid, ({ refunded }) => refunded), books.of('RefundConfirmed', CLEARING)],
    ['no refund is owed any more', 0n, books.balance(REFUND)],
    ['charge-back notice: dispute:psp G', total(disputed, amount), books.of('ChargebackOpened', DISPUTE)],
    ['… fee:psp', BigInt(disputed.length) * DISPUTE_FEE_MINOR, books.of('ChargebackOpened', FEE)],
    ['… clearing:psp G + fee', -total(disputed, amount) - BigInt(disputed.length) * DISPUTE_FEE_MINOR, books.of('ChargebackOpened', CLEARING)],
    ['lost: dispute:psp G', -total(lost, amount), books.of('ChargebackLost', DISPUTE)],
    ['… contract:own and tax:pending (unused, voided)', total(lost, unusedOwn), books.of('ChargebackLost', OWNED) + books.of('ChargebackLost', PENDING)],
    // What goes back on sale undoes a principal’s cost, and lessens the loss of an agent, who had none.
    ['… loss:chargeback (the rest), less what went back on sale', total(lost, (story) => amount(story) - unusedOwn(story)), books.of('ChargebackLost', LOSS) + undone + books.of('ChargebackLost', COST)],
    ['won: clearing:psp G', total(won, amount), books.of('ChargebackWon', CLEARING)],
    ['… dispute:psp G', -total(won, amount), books.of('ChargebackWon', DISPUTE)],
    ['no dispute is open any more', 0n, books.balance(DISPUTE)],
    ['provider pays out: bank', paidOut, books.of('ProviderPaidOut', 'assets:bank:')],
  ];
};

export const rowChecks = (played: Played, books: EntrySums): readonly Check[] =>
  accountsRows(played, books).map(([row, expected, found]) => [expected === found, `${row}: ${found}`, [`${expected} expected`]]);
