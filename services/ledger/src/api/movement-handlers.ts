import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Details, type Instant, type Money, money } from '@vouchsafe/kernel';
import {
  type CreateAdjustmentRequest, type LedgerService, type MovementResponseSchema, type RecordReceiptRequest,
} from '@vouchsafe/proto/ledger/v1/ledger';
import { AccountMode, type AccountSchema, Period_State, type Posting as PostingMessage, Posting_Side } from '@vouchsafe/proto/ledger/v1/resources';
import type { CallContext, Handlers } from '@vouchsafe/rpc';
import { uuidv5 } from '@vouchsafe/runtime';
import { adjust, type AdjustmentOptions, type NewEntry } from '../application/adjustments.js';
import { closePeriod } from '../application/closing.js';
import type { JournalChain } from '../application/chains.js';
import { accountRootOf } from '../application/streams.js';
import type { Asked, Moved, Movement, Receipt, Treasury } from '../application/treasury.js';
import { accountDecider } from '../domain/account.js';
import { captionOf } from '../domain/chart.js';
import type { Posting } from '../domain/entry.js';
import { periodOf } from '../domain/period.js';
import {
  amountField, bankField, bookField, channelField, failure, invalid, maybeAmount, occurredField, periodField, providerField, reasonField, referenceField, requestIdField,
} from './fields.js';
import { accountMessage, entryMessage, etagOf, periodMessage } from './messages.js';
import { openAccount, type ReadingOptions } from './seen-account.js';

export type MovementOptions = ReadingOptions & AdjustmentOptions & { readonly treasury: Treasury; readonly journals: JournalChain };
type Moving = Pick<
  Handlers<typeof LedgerService>,
  'createDeposit' | 'withdrawDeposit' | 'recordReceipt' | 'updateCreditLimit' | 'createAdjustment' | 'closePeriod'
>;

export const movementHandlers = (options: MovementOptions): Moving => {
  const { treasury, clock } = options;
  return {
    createDeposit: async (request, context) => {
      const { channelId, requestId, validateOnly } = request;
      return answer(options, await treasury.deposit(channelField(channelId), movementOf(request, clock.now()), askedBy(context, clock.now(), requestId, validateOnly)));
    },
    withdrawDeposit: async (request, context) => {
      const { accountId, requestId, validateOnly } = request;
      return answer(options, await treasury.withdraw(accountId, movementOf(request, clock.now()), askedBy(context, clock.now(), requestId, validateOnly)));
    },
    recordReceipt: async (request, context) => {
      const { requestId, validateOnly } = request;
      return answer(options, await treasury.receive(receiptOf(request), movementOf(request, clock.now()), askedBy(context, clock.now(), requestId, validateOnly)));
    },
    updateCreditLimit: (request, context) => updateCreditLimit(options, request, context),
    createAdjustment: (request, context) => createAdjustment(options, request, context),
    closePeriod: async ({ bookId, period, validateOnly }) => {
      const month = periodField(period);
      const days = await options.books.ready(bookField('/bookId', bookId));
      if (!days) throw failure('BOOK_UNKNOWN');
      if (validateOnly) {
        if (periodOf(days.dateOf(clock.now())) <= month) throw failure('PERIOD_NOT_OVER', { today: days.dateOf(clock.now()) });
        return periodMessage(bookId, month, Period_State.OPEN);
      }
      const closed = await closePeriod(options, bookId, month);
      if (!closed.ok) throw failure(closed.code, closed.details);
      const at = closed.book.closed.find((one) => one.period === month)?.at;
      return periodMessage(bookId, month, Period_State.CLOSED, at);
    },
  };
};

const askedBy = ({ caller, requestId: callId, trace }: CallContext, at: Instant, requestId: string, dryRun: boolean): Asked => ({
  dryRun, ...(requestId !== '' && { requestId: requestIdField(requestId) }),
  envelope: {
    commandId: uuidv5(`ledger/${caller.principalId}/${requestId === '' ? callId : requestId}`), correlation: callId, principal: caller.principalId, at,
    ...(trace !== undefined && { trace }),
  },
});

type Moveable = Pick<RecordReceiptRequest, 'amount' | 'bank' | 'bankReference' | 'occurredAt'>;
const movementOf = ({ amount, bank, bankReference, occurredAt }: Moveable, now: Instant): Movement => ({
  amount: amountField('/amount', amount), bank: bankField(bank), reference: referenceField(bankReference), ...occurredField(occurredAt, now),
});

const receiptOf = ({ receipt }: RecordReceiptRequest): Receipt => {
  switch (receipt.case) {
    case 'creditSettled': {
      const writtenOff = maybeAmount('/creditSettled/writtenOff', receipt.value.writtenOff);
      return { kind: 'credit', accountId: receipt.value.accountId, ...(writtenOff && { writtenOff }) };
    }
    case 'unidentified': return { kind: 'unidentified', bookId: bookField('/unidentified/bookId', receipt.value.bookId) };
    case 'identified': return { kind: 'identified', accountId: receipt.value.accountId };
    case 'providerPayout': {
      const { bookId, provider } = receipt.value;
      return { kind: 'payout', bookId: bookField('/providerPayout/bookId', bookId), provider: providerField('/providerPayout/provider', provider) };
    }
    case undefined: throw invalid('/receipt', '须说明收款种类', 'the kind of receipt is needed');
  }
};

const answer = async (options: MovementOptions, moved: Moved): Promise<MessageInitShape<typeof MovementResponseSchema>> => {
  if (!moved.ok) throw failure(moved.code, moved.details);
  const account = moved.accountId === undefined ? undefined : await openAccount(options, moved.accountId);
  const located = moved.entryId === undefined ? undefined : await bookedEntry(options, moved.entryId);
  return { ...(located && { entry: entryMessage(located) }), ...(account && { account: accountMessage(account) }) };
};

/** The entry just booked, read back: what the caller sees is what lies in the books. */
const bookedEntry = async ({ entries }: MovementOptions, entryId: string) => {
  const located = await entries.byId(entryId);
  if (!located) throw failure('ENTRY_UNKNOWN');
  return located;
};

const MODES = { [AccountMode.PREPAID]: 'prepaid', [AccountMode.CREDIT]: 'credit', [AccountMode.UNSPECIFIED]: 'credit' } as const;

type LimitRequest = Parameters<Moving['updateCreditLimit']>[0];
const limitFields = ({ mode: asked, limit: amount, channelId, etag }: LimitRequest) => {
  const mode = MODES[asked];
  if (!mode) throw invalid('/mode', '须为预存或授信', 'prepaid or credit is needed'); // a number this binary has no name for
  const limit = maybeAmount('/limit', amount);
  if (!limit) throw invalid('/limit', '须填写额度', 'a limit is needed');
  return { mode, limit, channelId: channelField(channelId), expectedVersion: versionOf(etag) };
};

const updateCreditLimit = async (options: MovementOptions, request: LimitRequest, context: CallContext): Promise<MessageInitShape<typeof AccountSchema>> => {
  const { treasury, books, accounts, clock } = options;
  const { mode, limit, channelId, expectedVersion } = limitFields(request);
  const identity = await treasury.identityOf(channelId, mode, limit.currency);
  if (!identity) throw failure('CHANNEL_UNKNOWN');
  const { accountId } = identity;
  const at = clock.now();
  const command = { type: 'ChangeCreditLimit', limit, at, ...(expectedVersion !== undefined && { expectedVersion }) } as const;
  if (request.validateOnly) {
    const account = await openAccount(options, accountId);
    if (account) refuseUnless(accountDecider.decide(command, account));
  } else {
    if (!(await books.openAccount(identity))) throw failure('BOOK_UNKNOWN');
    const { envelope } = askedBy(context, at, request.requestId, false);
    const handled = await accounts.handle(accountRootOf(accountId), command, { ...envelope, correlation: accountId }, at);
    if (!handled) throw failure('ACCOUNT_UNKNOWN');
    refuseUnless(handled);
  }
  const account = await openAccount(options, accountId);
  return account ? accountMessage(account) : {};
};

const refuseUnless = (decided: { readonly ok: true } | { readonly ok: false; readonly code: string; readonly details: Details }): void => {
  if (!decided.ok) throw failure(decided.code, decided.details);
};

const versionOf = (etag: string): number | undefined => {
  if (etag === '') return undefined;
  const version = Number(/^"(\d{1,9})"$/.exec(etag)?.[1] ?? Number.NaN);
  if (Number.isNaN(version) || etag !== etagOf(version)) throw invalid('/etag', '使用 GetAccount 返回的 etag', 'take the etag that GetAccount gave');
  return version;
};

const createAdjustment: (options: MovementOptions, ...call: Parameters<Moving['createAdjustment']>) => ReturnType<Moving['createAdjustment']> = async (
  options, request, context,
) => {
  const { clock } = options;
  const fresh = request.newEntry && newEntryOf(request.newEntry);
  if (!fresh && request.mirroredEntryId === '') throw invalid('/mirroredEntryId', '须指明要冲回的分录或给出新分录', 'an entry to take back or a new one is needed');
  const adjusted = await adjust(
    options,
    {
      reason: reasonField(request.reason), requestId: requestIdField(request.requestId), ...occurredField(request.occurredAt, clock.now()),
      ...(request.mirroredEntryId !== '' && { mirrored: request.mirroredEntryId }), ...(fresh && { fresh }),
    },
    askedBy(context, clock.now(), request.requestId, request.validateOnly),
  );
  if (!adjusted.ok) throw failure(adjusted.code, adjusted.details);
  const { mirrorId, freshId } = adjusted;
  return {
    ...(mirrorId !== undefined && { mirror: entryMessage(await bookedEntry(options, mirrorId)) }),
    ...(freshId !== undefined && { newEntry: entryMessage(await bookedEntry(options, freshId)) }),
  };
};

const newEntryOf = ({ bookId, accountId, postings, channelId, orderId }: NonNullable<CreateAdjustmentRequest['newEntry']>): NewEntry => ({
  dims: { bookId: bookField('/newEntry/bookId', bookId), ...(channelId !== '' && { channelId: channelField(channelId) }), ...(orderId !== '' && { orderId }) },
  ...(accountId !== '' && { accountId }),
  postings: postings.map(postingOf),
});

const postingOf = ({ account, side, amount, businessLine, productId, supplierId, batchId }: PostingMessage, i: number): Posting => {
  const at = `/newEntry/postings/${i}`;
  if (!captionOf(account)) throw invalid(`${at}/account`, '科目不在科目表中', 'the account is not in the chart');
  const { minor, currency }: Money = amountField(`${at}/amount`, amount);
  if (side === Posting_Side.UNSPECIFIED) throw invalid(`${at}/side`, '须为借或贷', 'debit or credit is needed');
  const signed = money(side === Posting_Side.DEBIT ? minor : -minor, currency);
  const dims = {
    ...(businessLine !== '' && { businessLine }), ...(productId !== '' && { productId }), ...(supplierId !== '' && { supplierId }), ...(batchId !== '' && { batchId }),
  };
  return { account, minor: signed.minor, currency, dims };
};
