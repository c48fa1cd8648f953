import type { Envelope, EventStore } from '@vouchsafe/event-store';
import type { Journal } from '@vouchsafe/journal';
import { toRfc3339, instant } from '@vouchsafe/kernel';
import type { Clock } from '@vouchsafe/runtime';
import type { BatchUnits, CodeVault } from '@vouchsafe/vault';
import { stock as decider } from '../domain/stock.js';
import type { Pools } from './pools.js';

export type ExportsOptions = { readonly store: EventStore; readonly pools: Pools; readonly vault: CodeVault; readonly journal: Journal; readonly clock: Clock; readonly sealTo: SealTo };
/** Encrypts to a recipient's public key (JWK text); undefined where that is no usable key. Without `plain` it only looks at the key. */
export type SealTo = (recipientJwk: string, plain: string) => Promise<string | undefined>;
export type ExportJob = {
  readonly exportId: string; readonly productId: string; readonly range: BatchUnits; readonly recipientJwk: string; readonly validateOnly: boolean;
};
export type ExportRefusal = { readonly code: 'UNITS_NOT_FREE' | 'POOL_HELD' | 'RECIPIENT_KEY_INVALID' };

/** Hands minted codes out of the platform, encrypted to one recipient. They leave stock first; then the journal; then a code is read. */
export class Exports {
  readonly #options: ExportsOptions;
  constructor(options: ExportsOptions) {
    this.#options = options;
  }

  /** A compact JWE of newline-delimited JSON. The same export may be asked for again for a day. */
  async run({ exportId, productId, range, recipientJwk, validateOnly }: ExportJob, envelope: Envelope): Promise<string | ExportRefusal> {
    const { store, pools, vault, journal, clock, sealTo } = this.#options;
    if ((await sealTo(recipientJwk, '')) === undefined) return { code: 'RECIPIENT_KEY_INVALID' };
    const command = { type: 'ExportUnits', exportId, ranges: [range], at: clock.now() } as const;
    const answer = validateOnly ? decider.decide(command, await pools.state(productId)) : await pools.decide(productId, command, envelope);
    if (!answer.ok) return { code: answer.code === 'POOL_HELD' ? 'POOL_HELD' : 'UNITS_NOT_FREE' };
    if (validateOnly) return '';
    journal.record({ type: 'Disclosed', disclosureId: exportId, orderId: '', lineId: '', principal: envelope.principal, ranges: [range] });
    await Promise.all([store.durable(store.head()), journal.flush()]);
    const opened = await vault.open([range]);
    const ids = vault.nameUnits(opened);
    const lines = opened.map(({ code, expiresAt }, i) => JSON.stringify({ voucher_id: ids[i], code, ...(expiresAt !== undefined && { expires_at: toRfc3339(instant(expiresAt)) }) }));
    return (await sealTo(recipientJwk, lines.join('\n'))) ?? { code: 'RECIPIENT_KEY_INVALID' };
  }
}
