import type { EventStore } from '@vouchsafe/event-store';
import type { Journal } from '@vouchsafe/journal';
import { Fault } from '@vouchsafe/kernel';
import { GrantsService } from '@vouchsafe/proto/redemption/internal/v1/grants';
import type { Collection } from '@vouchsafe/read-store';
import type { CallContext, Rpc } from '@vouchsafe/rpc';
import type { BatchUnits, CodeVault, OpenedUnit, UnitRef } from '@vouchsafe/vault';
import type { BatchCard } from '../projections/batches.js';

export type SecretsOptions = {
  readonly store: EventStore; readonly vault: CodeVault; readonly journal: Journal; readonly rpc: Rpc; readonly context: () => CallContext;
  readonly cards: Collection<BatchCard>; readonly projections: { caughtUp(): Promise<void> };
};
export type Disclosure = {
  readonly disclosureId: string; readonly orderId: string; readonly lineId: string; readonly principalId: string; readonly ranges: readonly BatchUnits[];
};
export type Opened = OpenedUnit & { readonly voucherId: string };
export type Found = { readonly unit: UnitRef; readonly voucherId: string; readonly productId: string; readonly uses: number };

const PRODUCTS_CACHED = 10_000;

/** The vault of codes, for whoever has the right to them: a secret leaves only against a recorded, journaled disclosure. */
export class Secrets {
  readonly #options: SecretsOptions;
  readonly #products = new Map<string, string>();
  constructor(options: SecretsOptions) {
    this.#options = options;
  }

  /** Undefined where redemption has not recorded exactly this. Both the event and the journal are on the disk before a code is read. */
  async open(disclosure: Disclosure): Promise<readonly Opened[] | undefined> {
    const { store, vault, journal, rpc, context } = this.#options;
    const { disclosureId, orderId, lineId, principalId, ranges } = disclosure;
    const asked = { disclosureId, orderId, lineId, principalId, ranges: ranges.map(({ batchId, from, to }) => ({ batchId, from: BigInt(from), to: BigInt(to) })) };
    const { recorded } = await rpc.call(GrantsService.method.verifyDisclosure, asked, context());
    if (!recorded) return undefined;
    journal.record({ type: 'Disclosed', disclosureId, orderId, lineId, principal: principalId, ranges });
    await Promise.all([store.durable(store.head()), journal.flush()]);
    const opened = await vault.open(ranges);
    const ids = vault.nameUnits(opened);
    return opened.map((unit, i) => ({ ...unit, voucherId: ids[i]! }));
  }

  /** The unit of a presented code. Codes of batches not on sale are not found. */
  find(code: string): Promise<Found | undefined> {
    const { vault } = this.#options;
    return vault.find(code).then((found) => {
      if (!found) return undefined;
      const known = this.#products.get(found.batchId);
      return known === undefined ? this.#productOf(found.batchId).then((productId) => this.#found(found, productId)) : this.#found(found, known);
    });
  }
  #found(unit: UnitRef & { readonly uses: number }, productId: string): Found {
    return { unit, voucherId: this.#options.vault.nameUnits([unit])[0]!, productId, uses: unit.uses };
  }
  name(units: readonly UnitRef[]): readonly string[] {
    return this.#options.vault.nameUnits(units);
  }
  resolve(ids: readonly string[]): Promise<readonly (UnitRef | undefined)[]> {
    return this.#options.vault.resolveIds(ids);
  }

  async #productOf(batchId: string): Promise<string> {
    const { cards, projections, store } = this.#options;
    let card = await cards.get(batchId);
    if (!card) {
      await store.durable(store.head());
      await projections.caughtUp();
      card = await cards.get(batchId);
    }
    if (!card) throw new Fault('BATCH_NOT_IN_LOG', `the vault has batch ${batchId}, the log has not: run vault reconcile`, false);
    if (this.#products.size >= PRODUCTS_CACHED) this.#products.clear();
    this.#products.set(batchId, card.value.productId);
    return card.value.productId;
  }
}
