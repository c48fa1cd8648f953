import type { Clock, Log } from '@vouchsafe/runtime';
import { type Behaviour, behaviourOf } from './behaviour.js';
import { signatureOf } from './signing.js';

export type Sum = { readonly minor: string; readonly currency: string };
export type Asked = { readonly paymentId: string; readonly reference: string; readonly amount: Sum; readonly expiresAt: number };
type Transaction = { readonly id: string; readonly amount: Sum; readonly at: number };
type Refunding = { readonly amount: Sum; asked: number; status: 'pending' | 'succeeded' | 'failed'; readonly at: number };
type Paying = { readonly asked: Asked; readonly behaviour: Behaviour; state: 'unpaid' | 'paid' | 'failed' | 'closed'; readonly transactions: Transaction[]; readonly refunds: Map<string, Refunding>; notices: number };

/** A notice on its way, as it lies on the wire. */
export type SentNotice = { readonly body: string; readonly timestamp: string; readonly signature: string };
export type PspOptions = {
  readonly clock: Clock;
  readonly secret: string;
  readonly merchantId: string;
  /** Takes a notice to the platform; a rejection means: not taken, send it again. */
  readonly notify: (notice: SentNotice) => Promise<void>;
  readonly log: Log;
  readonly payAfterMs?: number;
  readonly chargebackAfterMs?: number;
};
export type PspReply = { readonly status: number; readonly body: object };

const PAY_AFTER_MS = 200;
const CHARGEBACK_AFTER_MS = 60_000;
const LATE_MS = 300_000;
const PAYMENTS_MAX = 100_000;
const NOTICE_TRIES = 15;
const NOTICE_AGAIN_MS = 5_000;
const CREATE_FAILS = 2;
const FEE_MINOR = '1500';
const REFUND_PENDING_ASKS = 3;
const REFUND_UNKNOWN_ASKS = 5;

type Due = { readonly at: number; readonly run: () => void };

/** The sandbox provider's books and its will: what was asked for, what the buyer did, which notices went out. Memory only. */
export class SandboxPsp {
  readonly #payments = new Map<string, Paying>();
  readonly #failures = new Map<string, number>();
  #due: Due[] = [];

  constructor(readonly options: PspOptions) {}

  /** One call of its interface. Paths: `/payments`, `/payments/<id>`, `/payments/<id>/<action>`, `/payments/<id>/refunds/<refund id>`. */
  handle(method: string, path: string, body: unknown): PspReply {
    const [, root, id, part, refundId] = path.split('/');
    if (root !== 'payments') return reply(404, { error: 'unknown path' });
    if (id === undefined) return method === 'POST' ? this.#create(body as Asked) : reply(405, { error: 'POST /payments' });
    const paying = this.#payments.get(decodeURIComponent(id));
    if (!paying) return reply(404, { error: 'unknown payment' });
    if (part === undefined) return reply(200, stateOf(paying));
    if (part === 'refunds' && refundId !== undefined) return this.#refund(paying, decodeURIComponent(refundId), method === 'POST' ? (body as { amount: Sum }).amount : undefined);
    return this.#act(paying, part);
  }

  /** What is due happens; called on the injected clock. */
  tick(): void {
    const now = this.options.clock.now();
    const due = this.#due.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
    this.#due = this.#due.filter(({ at }) => at > now);
    for (const { run } of due) run();
  }

  #create(asked: Asked): PspReply {
    const known = this.#payments.get(asked.paymentId);
    if (known) return reply(200, offerOf(known));
    const behaviour = behaviourOf(asked.reference);
    const failed = this.#failures.get(asked.paymentId) ?? 0;
    if (behaviour === 'down' && failed < CREATE_FAILS) {
      this.#failures.set(asked.paymentId, failed + 1);
      return reply(503, { error: 'later' });
    }
    const paying: Paying = { asked, behaviour, state: 'unpaid', transactions: [], refunds: new Map(), notices: 0 };
    if (this.#payments.size >= PAYMENTS_MAX) this.#payments.delete(this.#payments.keys().next().value!);
    this.#payments.set(asked.paymentId, paying);
    this.#plan(paying);
    return reply(200, offerOf(paying));
  }

  /** What the buyer will do. */
  #plan(paying: Paying): void {
    const { payAfterMs = PAY_AFTER_MS, clock } = this.options;
    const soon = clock.now() + payAfterMs;
    const { amount, expiresAt } = paying.asked;
    const plus = (minor: bigint): Sum => ({ ...amount, minor: String(BigInt(amount.minor) + minor) });
    switch (paying.behaviour) {
      case 'paid':
      case 'down':
      case 'refundfails':
      case 'refundslow':
        return this.#at(soon, () => this.#pay(paying, amount));
      case 'over':
        return this.#at(soon, () => this.#pay(paying, plus(1n)));
      case 'under':
        return this.#at(soon, () => this.#pay(paying, plus(-1n)));
      case 'twice':
        this.#at(soon, () => this.#pay(paying, amount));
        return this.#at(soon + payAfterMs, () => this.#pay(paying, amount));
      case 'dup':
        return this.#at(soon, () => this.#pay(paying, amount, 3));
      case 'silent':
        return this.#at(soon, () => this.#pay(paying, amount, 0));
      case 'late':
        return this.#at(expiresAt + LATE_MS, () => this.#pay(paying, amount));
      case 'declined':
        return this.#at(soon, () => this.#end(paying, 'failed'));
      case 'closed':
        return this.#at(soon, () => this.#end(paying, 'closed'));
      case 'forged':
        return this.#at(soon, () => this.#send({ ...this.#notice(paying, 'paid', { transaction: 'txn_forged', amount }), signature: '00'.repeat(32) }, NOTICE_TRIES));
      case 'disorder':
        return this.#at(soon, () => {
          this.#pay(paying, amount);
          this.#send(this.#notice(paying, 'closed', {}));
        });
      case 'charged':
      case 'won':
      case 'lost':
        return this.#dispute(paying, soon, paying.behaviour);
      case 'wait':
    }
  }
  /** Paid, charged back, and decided if the behaviour says how. */
  #dispute(paying: Paying, soon: number, end: 'charged' | 'won' | 'lost'): void {
    const { chargebackAfterMs = CHARGEBACK_AFTER_MS } = this.options;
    this.#at(soon, () => this.#pay(paying, paying.asked.amount));
    this.#at(soon + chargebackAfterMs, () => this.#chargeBack(paying));
    if (end !== 'charged') this.#at(soon + 2 * chargebackAfterMs, () => this.#decideDispute(paying, end));
  }

  #act(paying: Paying, action: string): PspReply {
    switch (action) {
      case 'pay':
        this.#pay(paying, paying.asked.amount);
        break;
      case 'fail':
        this.#end(paying, 'failed');
        break;
      case 'close':
        if (paying.state === 'unpaid') paying.state = 'closed';
        break;
      case 'charge-back':
        this.#chargeBack(paying);
        break;
      case 'win':
      case 'lose':
        this.#decideDispute(paying, action === 'win' ? 'won' : 'lost');
        break;
      default:
        return reply(404, { error: 'pay, fail, close, charge-back, win or lose' });
    }
    return reply(200, stateOf(paying));
  }

  #pay(paying: Paying, amount: Sum, notices = 1): void {
    const transaction = { id: `txn_${paying.asked.paymentId.slice(4)}.${paying.transactions.length + 1}`, amount, at: this.options.clock.now() };
    paying.state = 'paid';
    paying.transactions.push(transaction);
    const notice = this.#notice(paying, 'paid', { transaction: transaction.id, amount });
    for (let i = 0; i < notices; i++) this.#send(notice);
  }
  #end(paying: Paying, state: 'failed' | 'closed'): void {
    paying.state = state;
    this.#send(this.#notice(paying, state, { reason: state === 'failed' ? 'DECLINED' : 'BUYER_CLOSED' }));
  }
  #chargeBack(paying: Paying): void {
    this.#send(this.#notice(paying, 'charged_back', { chargeback: chargebackOf(paying), amount: paying.asked.amount, fee: { ...paying.asked.amount, minor: FEE_MINOR } }));
  }

  #decideDispute(paying: Paying, end: 'won' | 'lost'): void {
    this.#send(this.#notice(paying, `chargeback_${end}`, { chargeback: chargebackOf(paying) }));
  }

  /** Asked with an amount it begins; without, it says how it stands. */
  #refund(paying: Paying, refundId: string, amount: Sum | undefined): PspReply {
    const known = paying.refunds.get(refundId);
    if (!known && !amount) return reply(200, { status: 'unknown' });
    const refund = known ?? this.#beginRefund(paying, refundId, amount!);
    refund.asked++;
    if (paying.behaviour === 'refundslow' && refund.status === 'pending') {
      if (refund.asked <= REFUND_PENDING_ASKS) return reply(200, { status: 'pending' });
      if (refund.asked <= REFUND_UNKNOWN_ASKS) return reply(200, { status: 'unknown' });
      refund.status = 'succeeded';
    }
    return reply(200, { status: refund.status, ...(refund.status === 'failed' && { reason: 'ACCOUNT_CLOSED' }) });
  }
  #beginRefund(paying: Paying, refundId: string, amount: Sum): Refunding {
    const total = [...paying.refunds.values()].filter(({ status }) => status !== 'failed').reduce((sum, refund) => sum + BigInt(refund.amount.minor), BigInt(amount.minor));
    const received = paying.transactions.reduce((sum, transaction) => sum + BigInt(transaction.amount.minor), 0n);
    const fails = paying.behaviour === 'refundfails' || total > received;
    const refund: Refunding = { amount, asked: 0, at: this.options.clock.now(), status: fails ? 'failed' : paying.behaviour === 'refundslow' ? 'pending' : 'succeeded' };
    paying.refunds.set(refundId, refund);
    if (refund.status !== 'pending') this.#send(this.#notice(paying, 'refunded', { refund: refundId, amount, status: refund.status, ...(fails && { reason: 'ACCOUNT_CLOSED' }) }));
    return refund;
  }

  #notice(paying: Paying, kind: string, fields: object): SentNotice {
    const { clock, secret, merchantId } = this.options;
    const at = clock.now();
    const { paymentId } = paying.asked;
    const body = JSON.stringify({ id: `evt_${paymentId.slice(4)}.${++paying.notices}`, kind, merchant: merchantId, payment: paymentId, at, ...fields });
    return { body, timestamp: String(at), signature: signatureOf(secret, String(at), Buffer.from(body)) };
  }

  /** Sent again until it is taken, a bounded number of times, under a fresh signature of the same body. */
  #send(notice: SentNotice, tried = 0): void {
    const { notify, log, clock, secret } = this.options;
    notify(notice).catch((error: unknown) => {
      log.debug({ error, tried }, 'the sandbox payment provider could not deliver a notice');
      if (tried + 1 >= NOTICE_TRIES) return;
      const at = clock.now() + NOTICE_AGAIN_MS;
      this.#at(at, () => this.#send({ body: notice.body, timestamp: String(at), signature: signatureOf(secret, String(at), Buffer.from(notice.body)) }, tried + 1));
    });
  }
  #at(at: number, run: () => void): void {
    this.#due.push({ at, run });
  }
}

const reply = (status: number, body: object): PspReply => ({ status, body });
const chargebackOf = ({ asked }: Paying): string => `dispute_${asked.paymentId.slice(4)}`;
const offerOf = ({ asked }: Paying) => ({ provider_ref: `psp_${asked.paymentId.slice(4)}`, url: `https://pay.sandbox.invalid/${asked.paymentId}` });
const stateOf = ({ state, transactions }: Paying) => ({ state, transaction: transactions[0] ?? null, transactions: transactions.length });
