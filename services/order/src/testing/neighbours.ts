import { type Answer, on, serveCommands } from '@vouchsafe/bus';
import {
  activateGrant, captureHold, commitReservation, type CostedRange, type DeliveryFact, holdFunds, type LedgerFact, postFact, releaseHold, releaseReservation, reserveVouchers,
  returnUnits, startTopUp, voidUnits,
} from '@vouchsafe/contracts';
import { Fault, lineAmount, shareOf, type UnitRange } from '@vouchsafe/kernel';
import { IdentityService } from '@vouchsafe/proto/access/internal/v1/identity';
import { CatalogTermsService } from '@vouchsafe/proto/catalog/internal/v1/terms';
import { ProductKind, SettlementMode, UsageTerms_Usage } from '@vouchsafe/proto/common/v1/types';
import { FulfillmentService } from '@vouchsafe/proto/fulfillment/v1/fulfillment';
import { SecretsService } from '@vouchsafe/proto/inventory/internal/v1/secrets';
import { AssessResponse_Verdict, RiskAssessmentService } from '@vouchsafe/proto/risk/internal/v1/assessment';
import type { TestPorts } from '@vouchsafe/testing';
import { serveSome } from './serve-some.js';

/** A product of the fake catalogue; prices in micros of CNY. */
export type FakeProduct = { readonly unitMicros: bigint; readonly kind?: ProductKind; readonly agent?: boolean; readonly owedMicros?: bigint; readonly buyerLimit?: number; readonly marginMicros?: bigint };
export type FakeChannel = { readonly settlement: SettlementMode; readonly fulfilLate?: boolean; readonly path?: readonly string[] };

type Reservation = { readonly productId: string; readonly quantity: number; state: 'open' | 'committed' | 'released'; ranges: readonly CostedRange[] };
type Hold = { readonly accountId: string; left: bigint; open: boolean };

/** The services around order, as small honest deciders in memory: idempotent by business key, refusing what the real ones refuse. */
export class Neighbours {
  readonly products = new Map<string, FakeProduct>();
  readonly channels = new Map<string, FakeChannel>();
  readonly free = new Map<string, number>();
  readonly balances = new Map<string, bigint>();
  readonly reservations = new Map<string, Reservation>();
  readonly holds = new Map<string, Hold>();
  readonly captures = new Map<string, { readonly fact: DeliveryFact; readonly final: boolean }>();
  readonly facts = new Map<string, LedgerFact>();
  readonly grants = new Map<string, { readonly ranges: readonly UnitRange[]; readonly at: number; readonly gross: bigint }>();
  readonly used = new Set<string>();
  readonly disclosed = new Set<string>();
  readonly voided = new Map<string, string>();
  readonly voids = new Map<string, Awaited<ReturnType<Neighbours['void']>>>();
  readonly topUps = new Map<string, { readonly orderId: string; readonly lineId: string; readonly quantity: number }>();
  readonly returned: string[] = [];
  verdict: AssessResponse_Verdict = AssessResponse_Verdict.ALLOW;
  riskSilent = false;
  topUpRefusal: string | undefined;
  #nextUnit = 0;
  /** Called before each command with its name; may throw a Fault to play a silent service. */
  before: (name: string) => void | Promise<void> = () => {};
  /** Names of the commands that were handled, in order. */
  readonly handled: string[] = [];

  constructor(public ports: TestPorts) {}

  /** Serves on these ports from now on; what they know stays. */
  start(ports: TestPorts = this.ports): this {
    this.ports = ports;
    this.#inventory();
    this.#ledger();
    this.#redemption();
    this.#fulfillment();
    this.#disclosing();
    this.#catalog();
    this.#risk();
    this.#identity();
    return this;
  }

  async #enter(name: string): Promise<void> {
    await this.before(name);
    this.handled.push(name);
  }

  #inventory(): void {
    serveCommands(this.ports.bus, 'inventory', [
      on(reserveVouchers, async ({ reservationId, productId, quantity, notAfter }) => {
        await this.#enter('ReserveVouchers');
        const known = this.reservations.get(reservationId);
        if (known) return known.state === 'released' ? no('TOO_LATE') : yes({});
        if (this.ports.clock.now() > notAfter) return no('TOO_LATE');
        const free = this.free.get(productId) ?? 0;
        if (free < quantity) return no('OUT_OF_STOCK', { free: String(free) });
        this.free.set(productId, free - quantity);
        this.reservations.set(reservationId, { productId, quantity, state: 'open', ranges: [] });
        return yes({});
      }),
      on(commitReservation, async ({ reservationId }) => {
        await this.#enter('CommitReservation');
        const known = this.reservations.get(reservationId);
        if (!known) return no('RESERVATION_UNKNOWN');
        if (known.state === 'released') return no('RESERVATION_RELEASED');
        if (known.state === 'open') {
          known.state = 'committed';
          known.ranges = [this.#range(known.quantity)];
        }
        return yes({ ranges: known.ranges });
      }),
      on(releaseReservation, async ({ reservationId, productId }) => {
        await this.#enter('ReleaseReservation');
        const known = this.reservations.get(reservationId);
        if (!known) this.reservations.set(reservationId, { productId, quantity: 0, state: 'released', ranges: [] });
        else if (known.state !== 'released') {
          known.state = 'released';
          this.free.set(productId, (this.free.get(productId) ?? 0) + known.quantity);
        }
        return yes({});
      }),
      on(returnUnits, async ({ refundId, reservationId, productId, ranges }) => {
        await this.#enter('ReturnUnits');
        const key = `${refundId}/${reservationId}`;
        if (!this.returned.includes(key)) {
          this.returned.push(key);
          this.free.set(productId, (this.free.get(productId) ?? 0) + size(ranges));
        }
        return yes({});
      }),
    ]);
    serveSome(this.ports.rpc, SecretsService, {
      resolveVoucherIds: async ({ voucherIds }) => ({
        units: voucherIds.map((id) => ({ found: id.startsWith('vch_'), unit: { batchId: 'bat_1', index: BigInt(id.slice(4)) } })),
      }),
    });
  }

  /** Units of one batch at 6.00 each without tax. */
  #range(quantity: number): CostedRange {
    const from = this.#nextUnit;
    this.#nextUnit += quantity;
    return { batchId: 'bat_1', from, to: from + quantity, supplierId: 'sup_1', terms: 'purchased', unitCostMicros: 6_000_000n, unitTaxMicros: 0n, currency: 'CNY' };
  }

  #ledger(): void {
    serveCommands(this.ports.bus, 'ledger', [
      on(holdFunds, async ({ holdId, accountId, amount, notAfter }) => {
        await this.#enter('HoldFunds');
        const known = this.holds.get(holdId);
        if (known) return known.open ? yes({}) : no('TOO_LATE');
        const balance = this.balances.get(accountId);
        if (balance === undefined) return no('ACCOUNT_UNKNOWN');
        if (this.ports.clock.now() > notAfter) return no('TOO_LATE');
        if (balance < amount.minor) return no('BALANCE_SHORT');
        this.balances.set(accountId, balance - amount.minor);
        this.holds.set(holdId, { accountId, left: amount.minor, open: true });
        return yes({});
      }),
      on(captureHold, async ({ holdId, captureId, fact, final }) => {
        await this.#enter('CaptureHold');
        const hold = this.holds.get(holdId);
        if (!hold) return no('HOLD_UNKNOWN');
        if (!this.captures.has(captureId)) {
          if (hold.left < fact.gross.minor) return no('HOLD_TOO_SMALL');
          hold.left -= fact.gross.minor;
          this.captures.set(captureId, { fact, final });
          if (final) this.#letGo(hold);
        }
        return yes({ entryId: `ent_${captureId}` });
      }),
      on(releaseHold, async ({ holdId, accountId }) => {
        await this.#enter('ReleaseHold');
        const hold = this.holds.get(holdId);
        if (hold) this.#letGo(hold);
        else this.holds.set(holdId, { accountId, left: 0n, open: false });
        return yes({});
      }),
      on(postFact, async ({ factId, fact }) => {
        await this.#enter(`PostFact ${fact.type}`);
        const known = this.facts.get(factId);
        if (known && print(known) !== print(fact)) return no('FACT_ID_REUSED');
        this.facts.set(factId, fact);
        return yes({ entryId: `ent_${factId}` });
      }),
    ]);
  }
  #letGo(hold: Hold): void {
    this.balances.set(hold.accountId, (this.balances.get(hold.accountId) ?? 0n) + hold.left);
    hold.left = 0n;
    hold.open = false;
  }

  #redemption(): void {
    serveCommands(this.ports.bus, 'redemption', [
      on(activateGrant, async ({ orderId, lineId, ranges, lineGross }) => {
        await this.#enter('ActivateGrant');
        const key = `${orderId}_${lineId}`;
        const known = this.grants.get(key);
        if (known && print(known.ranges) !== print(ranges)) return no('GRANT_DIFFERS');
        if (!known) this.grants.set(key, { ranges, at: this.ports.clock.now(), gross: lineGross.minor });
        return yes({ chunks: 1, activatedAt: this.grants.get(key)!.at as never });
      }),
      on(voidUnits, async (command) => {
        await this.#enter('VoidUnits');
        const key = `${command.refundId}/${command.lineId}`;
        const answer = this.voids.get(key) ?? (await this.void(command.orderId, command.lineId, command));
        this.voids.set(key, answer);
        return answer;
      }),
    ]);
  }

  async void(orderId: string, lineId: string, { units, quantity, refundId }: { units?: readonly { batchId: string; index: number }[]; quantity?: number; refundId: string }): Promise<Answer<{
    accepted: { batchId: string; from: number; to: number; disclosed: boolean; unusedMinor: bigint }[]; refused: { batchId: string; index: number; code: string }[];
  }>> {
    const grant = this.grants.get(`${orderId}_${lineId}`);
    if (!grant) return no('GRANT_UNKNOWN');
    const all = grant.ranges.flatMap(({ batchId, from, to }) => Array.from({ length: to - from }, (_, i) => ({ batchId, index: from + i })));
    const free = all.filter(({ index }) => !this.used.has(String(index)) && !this.voided.has(String(index)));
    const sorted = [...free.filter(({ index }) => !this.disclosed.has(String(index))), ...free.filter(({ index }) => this.disclosed.has(String(index)))];
    const wanted = units ?? sorted.slice(0, quantity);
    const taken = wanted.filter(({ index }) => free.some((unit) => unit.index === index));
    for (const { index } of taken) this.voided.set(String(index), refundId);
    const missing = (quantity ?? 0) > taken.length && !units ? all.filter(({ index }) => this.used.has(String(index))).slice(0, (quantity ?? 0) - taken.length) : [];
    return yes({
      accepted: taken.map(({ batchId, index }) => ({
        batchId, from: index, to: index + 1, disclosed: this.disclosed.has(String(index)),
        unusedMinor: shareOf({ minor: grant.gross, currency: 'CNY' }, all.findIndex((u) => u.index === index), all.findIndex((u) => u.index === index) + 1, all.length).minor,
      })),
      refused: [...wanted.filter(({ index }) => !taken.some((unit) => unit.index === index)), ...missing].map(({ batchId, index }) => ({ batchId, index, code: 'ALREADY_REDEEMED' })),
    });
  }

  #fulfillment(): void {
    serveCommands(this.ports.bus, 'fulfillment', [
      on(startTopUp, async ({ deliveryId, orderId, lineId, quantity }) => {
        await this.#enter('StartTopUp');
        if (this.topUpRefusal) return no(this.topUpRefusal);
        this.topUps.set(deliveryId, { orderId, lineId, quantity });
        return yes({});
      }),
    ]);
  }

  /** Secrets of the order's delivered units, as fulfillment would disclose them. */
  #disclosing(): void {
    serveSome(this.ports.rpc, FulfillmentService, {
      discloseSecrets: async function* (this: void) {
        yield { lineId: '1', productId: 'prd_code', disclosureId: 'dsc_1', secrets: [{ voucherId: 'vch_0', code: 'SECRET-0' }] };
      },
    });
  }

  #catalog(): void {
    serveSome(this.ports.rpc, CatalogTermsService, {
      priceOrder: async ({ channelId, lines }) => this.#price(channelId, lines),
      getChannelTerms: async ({ channelId }) => ({ found: this.channels.has(channelId), channelId, path: [...(this.channels.get(channelId)?.path ?? [channelId])] }),
      getSupplierTerms: async ({ supplierId }) => ({ found: true, supplierId, terms: 'purchased', returnable: false }),
    });
  }
  #price(channelId: string, lines: readonly { lineId: string; productId: string; quantity: number }[]) {
    const channel = this.channels.get(channelId);
    if (!channel) return { rejection: 'CHANNEL_UNKNOWN' };
    const unknown = lines.find(({ productId }) => !this.products.has(productId));
    if (unknown) return { rejection: 'NOT_LISTED', details: { productId: unknown.productId } };
    const priced = lines.map(({ lineId, productId, quantity }) => {
      const { unitMicros, kind = ProductKind.CODE, agent = false, owedMicros = 0n, buyerLimit = 0, marginMicros } = this.products.get(productId)!;
      const margin = marginMicros === undefined ? undefined : lineAmount(marginMicros, quantity, 'CNY');
      return {
        lineId, productId, productVersion: 1, kind, listingId: 'lst_1', priceListId: 'plt_1', quantity, unitMicros, gross: lineAmount(unitMicros, quantity, 'CNY'),
        taxRateBp: 1300, agent, owedMicros, businessLine: 'video', supplierId: 'sup_1', buyerLimit,
        chain: margin ? [{ channelId: 'chn_root', unitMicros: unitMicros - marginMicros!, margin }, { channelId, unitMicros }] : [{ channelId, unitMicros }],
        usage: { usage: UsageTerms_Usage.SINGLE, times: 1, zone: 'Asia/Shanghai', rediscloseForMs: 259_200_000n, rediscloseTimes: 10 },
        ...(kind === ProductKind.TOP_UP && {
          topUp: {
            provider: 'sandbox', face: { minor: 1000n, currency: 'CNY' }, giveUpMs: 259_200_000n,
            accountFields: [{ name: 'phone', pattern: '1[0-9]{10}', required: true }],
          },
        }),
      };
    });
    return {
      lines: priced, total: { minor: priced.reduce((sum, { gross }) => sum + gross.minor, 0n), currency: 'CNY' }, settlement: channel.settlement,
      settlementChannelId: channelId, bookId: 'main', paymentProvider: 'sandbox', paymentWindowMs: 900_000n, fulfilLatePayment: channel.fulfilLate ?? false,
    };
  }

  #risk(): void {
    serveSome(this.ports.rpc, RiskAssessmentService, {
      assess: async ({ orderId }) => {
        if (this.riskSilent) throw new Fault('UNAVAILABLE', 'risk is down');
        return { verdict: this.verdict, verdictId: `vdt_${orderId.slice(4, 12)}`, ruleSetVersion: 'v1' };
      },
    });
  }

  #identity(): void {
    serveSome(this.ports.rpc, IdentityService, {
      protect: async ({ values }) => ({
        values: values.map(({ kind, value }) => ({ kind, ref: `sub_${kind}.${value.length}`, token: `tok_${Buffer.from(value).toString('hex')}`, masked: '***' })),
      }),
    });
  }
}

const yes = <R>(result: R): { readonly ok: true; readonly result: R } => ({ ok: true, result });
const no = (code: string, details: Record<string, string> = {}) => ({ ok: false as const, code, details });
const size = (ranges: readonly UnitRange[]): number => ranges.reduce((n, { from, to }) => n + to - from, 0);
const print = (value: unknown): string => JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part));
