import type { CommandEnvelope } from '@vouchsafe/bus';
import { settlementAccountId } from '@vouchsafe/contracts';
import type { Details, Instant, Money } from '@vouchsafe/kernel';
import { uuidv5 } from '@vouchsafe/runtime';
import type { AccountIdentity } from '../domain/account-types.js';
import type { LimitedMode } from '../domain/chart.js';
import type { BankFact, FactDimensions } from '../domain/fact.js';
import type { Books } from './books.js';
import type { AccountChain } from './chains.js';
import type { Claim, Claims } from './claims.js';
import type { Booking, Desk } from './desk.js';
import type { Catalogue } from './ports.js';
import { accountRootOf } from './streams.js';

/** Money as it moved at a bank. */
export type Movement = {
  readonly amount: Money; readonly bank: string;
  /** Unique per account, for ever. */
  readonly reference: string;
  readonly occurredAt?: Instant;
};
export type Receipt =
  | { readonly kind: 'credit'; readonly accountId: string; readonly writtenOff?: Money }
  | { readonly kind: 'unidentified'; readonly bookId: string }
  | { readonly kind: 'identified'; readonly accountId: string }
  | { readonly kind: 'payout'; readonly bookId: string; readonly provider: string };
export type Asked = {
  readonly envelope: CommandEnvelope; readonly dryRun: boolean;
  /** The caller's key of the request, where it gave one: it stands for one movement. */
  readonly requestId?: string;
};
export type Moved =
  | { readonly ok: true; readonly entryId?: string; readonly accountId?: string }
  | { readonly ok: false; readonly code: string; readonly details: Details };

export type TreasuryOptions = {
  readonly desk: Desk; readonly books: Books; readonly accounts: AccountChain; readonly claims: Claims; readonly catalogue: Catalogue;
};
const refuse = (code: string, details: Details = {}): Moved => ({ ok: false, code, details });

/** What people at the bank counter do. Each may be asked again with the same reference and content. */
export class Treasury {
  readonly #options: TreasuryOptions;
  constructor(options: TreasuryOptions) {
    this.#options = options;
  }

  /** What a channel's account is or would be; undefined: there is no such channel. */
  async identityOf(channelId: string, mode: LimitedMode, currency: string): Promise<AccountIdentity | undefined> {
    const bookId = await this.#options.catalogue.channelBook(channelId);
    return bookId === undefined ? undefined : { accountId: settlementAccountId(channelId, mode, currency), bookId, channelId, mode, currency };
  }

  async deposit(channelId: string, movement: Movement, asked: Asked): Promise<Moved> {
    const identity = await this.identityOf(channelId, 'prepaid', movement.amount.currency);
    if (!identity) return refuse('CHANNEL_UNKNOWN');
    if (!asked.dryRun && !(await this.#options.books.openAccount(identity))) return refuse('BOOK_UNKNOWN');
    const { accountId, bookId } = identity;
    const fact: BankFact = { type: 'Deposited', dims: { bookId, channelId }, bank: movement.bank, amount: movement.amount };
    return this.#move({ fact, accountId, scope: accountId, movement }, asked);
  }

  async withdraw(accountId: string, movement: Movement, asked: Asked): Promise<Moved> {
    const account = await this.#accountOf(accountId);
    if (!account) return refuse('ACCOUNT_UNKNOWN');
    const { bookId, channelId } = account;
    const fact: BankFact = { type: 'Withdrawn', dims: { bookId, channelId }, bank: movement.bank, amount: movement.amount };
    return this.#move({ fact, accountId, scope: accountId, movement }, asked);
  }

  async receive(receipt: Receipt, movement: Movement, asked: Asked): Promise<Moved> {
    const { amount, bank } = movement;
    switch (receipt.kind) {
      case 'unidentified': {
        const { bookId } = receipt;
        return this.#move({ fact: { type: 'ReceiptUnidentified', dims: { bookId }, bank, amount }, scope: scopeOf(bookId, bank), movement }, asked);
      }
      case 'payout': {
        const { bookId, provider } = receipt;
        return this.#move({ fact: { type: 'ProviderPaidOut', dims: { bookId }, provider, bank, amount }, scope: scopeOf(bookId, bank), movement }, asked);
      }
      case 'credit': {
        const account = await this.#accountOf(receipt.accountId);
        if (!account) return refuse('ACCOUNT_UNKNOWN');
        const { accountId, bookId, channelId } = account;
        const writtenOff = receipt.writtenOff ?? { ...amount, minor: 0n };
        return this.#move({ fact: { type: 'CreditSettled', dims: { bookId, channelId }, bank, received: amount, writtenOff }, accountId, scope: accountId, movement }, asked);
      }
      case 'identified': return this.#identify(receipt.accountId, movement, asked);
    }
  }

  /** The whole of an unidentified receipt goes to the account of who turned out to have paid it, once. */
  async #identify(accountId: string, movement: Movement, asked: Asked): Promise<Moved> {
    const account = await this.#accountOf(accountId);
    if (!account) return refuse('ACCOUNT_UNKNOWN');
    const { bookId, channelId } = account;
    const scope = scopeOf(bookId, movement.bank);
    const receipt = await this.#options.claims.find(scope, movement.reference);
    if (!receipt) return refuse('RECEIPT_UNKNOWN');
    if (receipt.amount?.minor !== movement.amount.minor || receipt.amount.currency !== movement.amount.currency) return refuse('RECEIPT_DIFFERS');
    const fact: BankFact = { type: 'ReceiptIdentified', dims: { bookId, channelId }, amount: movement.amount };
    return this.#move({ fact, accountId, scope: `${scope}/identified`, movement }, asked);
  }

  /** Looks whether it can be booked, claims the reference, books. In that order: a mistyped amount must not use the reference up. */
  async #move(move: Move, { envelope, dryRun, requestId }: Asked): Promise<Moved> {
    const { desk, claims } = this.#options;
    const { fact, accountId, scope, movement } = move;
    const { reference, occurredAt, amount } = movement;
    const factId = `mov_${uuidv5(`movement/${scope}\u0000${reference}`)}`;
    const claim: Claim = { scope, reference, factId, content: { fact, accountId, occurredAt }, amount, ...(occurredAt !== undefined && { occurredAt }) };
    const account = accountId === undefined ? {} : { accountId };
    const booking = { factId, fact, note: reference, ...account };
    const no = await this.#refusalOf(claim, { ...booking, occurredAt: occurredAt ?? envelope.at });
    if (no) return no;
    if (requestId !== undefined && !(await this.#isFirstAsked(claim, requestId, { envelope, dryRun }))) return refuse('REQUEST_ID_REUSED');
    if (dryRun) return { ok: true, ...account };
    const claimed = await claims.make(claim, envelope);
    if (!claimed) return refuse('BANK_REFERENCE_USED');
    const booked = await desk.book({ ...booking, occurredAt: claimed.occurredAt }, envelope);
    return booked.ok ? { ok: true, entryId: booked.entryId, ...account } : booked;
  }

  /** Whether the request id stands for this movement, from now on or already. */
  async #isFirstAsked({ factId, content }: Claim, requestId: string, { envelope, dryRun }: Asked): Promise<boolean> {
    const { claims } = this.#options;
    const asked: Claim = { scope: `request/${envelope.principal}`, reference: requestId, factId, content: { factId, content } };
    return dryRun ? (await claims.obstacle(asked)) === undefined : (await claims.make(asked, envelope)) !== undefined;
  }

  /** Why it cannot be booked; undefined if it can, was begun before, or is to be the first entry of an account not there yet. */
  async #refusalOf(claim: Claim, booking: Booking): Promise<Moved | undefined> {
    const { desk, claims } = this.#options;
    const obstacle = await claims.obstacle(claim);
    if (obstacle) return refuse('BANK_REFERENCE_USED', { factId: obstacle.factId });
    if (await claims.find(claim.scope, claim.reference)) return undefined;
    if (booking.accountId !== undefined && !(await this.#accountOf(booking.accountId))) return undefined;
    const rehearsed = await desk.rehearse(booking);
    return rehearsed.ok ? undefined : rehearsed;
  }

  async #accountOf(accountId: string): Promise<AccountIdentity | undefined> {
    const state = (await this.#options.accounts.load(accountRootOf(accountId)))?.state;
    return state?.step === 'open' ? state : undefined;
  }
}

type Move = { readonly fact: BankFact | ProviderPayout; readonly accountId?: string; readonly scope: string; readonly movement: Movement };
type ProviderPayout = { readonly type: 'ProviderPaidOut'; readonly dims: FactDimensions; readonly provider: string; readonly bank: string; readonly amount: Money };
/** References of receipts that touch no limited account are unique per bank account of a book. */
const scopeOf = (bookId: string, bank: string): string => `${bookId}/${bank}`;
