import { ask, type Bus } from '@vouchsafe/bus';
import { discloseUnits } from '@vouchsafe/contracts';
import type { EventStore } from '@vouchsafe/event-store';
import { Secret, sizeOf, takeUnits, totalSize, type UnitRange } from '@vouchsafe/kernel';
import type { Clock, Ids, Namespace } from '@vouchsafe/runtime';
import type { Disclosure, GrantLine, OpenedSecret, RecipientKeys, Secrets } from './ports.js';

export type DisclosureOptions = {
  readonly bus: Bus; readonly namespace: Namespace; readonly store: EventStore; readonly clock: Clock; readonly ids: Ids; readonly secrets: Secrets; readonly keys: RecipientKeys;
};
export type Asker = { readonly principalId: string; readonly trace?: string; readonly breakGlass?: { readonly reason: string; readonly approvalId: string } };
/** One piece of an answer. `sealed`: everything secret in it, for the channel alone. */
export type Piece = {
  readonly line: GrantLine; readonly disclosureId: string; readonly secrets: readonly OpenedSecret[]; readonly sealed?: string;
  readonly withheld: readonly { readonly code: string; readonly voucherIds: readonly string[] }[];
};
export type Refused = { readonly refused: string; readonly line: GrantLine };

/** Secrets of one answer at most. */
export const PIECE_UNITS = 256;
const ASK_MS = 10_000;

/**
 * Discloses a line: recorded first in its grant, durable, only then opened and handed out piece by piece. Every call is a
 * disclosure of its own. A channel with a registered key gets JWE only; staff in an emergency read for themselves.
 */
export const secretDisclosure = (options: DisclosureOptions) =>
  async function* (orderId: string, line: GrantLine, asker: Asker): AsyncGenerator<Piece | Refused> {
    const { bus, namespace, store, clock, ids, secrets, keys } = options;
    const { lineId, units } = line;
    const seal = asker.breakGlass ? undefined : await keys.sealFor(line.channelId);
    if (seal === 'missing') return yield { refused: 'ENCRYPTION_KEY_MISSING', line };
    const disclosure: Disclosure = { disclosureId: ids.mint('disclosure'), orderId, lineId, principalId: asker.principalId };
    const { trace, breakGlass } = asker;
    const envelope = { commandId: ids.uuid(), correlation: orderId, principal: asker.principalId, at: clock.now(), ...(trace !== undefined && { trace }) };
    const recorded = await ask(bus, namespace, discloseUnits, { ...disclosure, unitsInLine: units, ...breakGlass }, envelope, ASK_MS);
    if (!recorded.ok) return yield { refused: recorded.code, line };
    await store.durable(store.head());
    const { ranges, withheld } = recorded.result;
    if (withheld.length > 0) yield { line, disclosureId: disclosure.disclosureId, secrets: [], withheld: await namedWithheld(withheld, secrets) };
    for (const piece of piecesOf(ranges)) {
      const opened = await secrets.open(disclosure, piece);
      const told = { line, disclosureId: disclosure.disclosureId, withheld: [] };
      yield seal ? { ...told, secrets: [], sealed: await seal(plainOf(opened)) } : { ...told, secrets: opened };
    }
  };

/** Cuts ranges into pieces of at most {@link PIECE_UNITS}. */
export function* piecesOf(ranges: readonly UnitRange[]): Generator<readonly UnitRange[]> {
  for (let left = ranges, size = totalSize(left); size > 0; size = totalSize(left)) {
    const { taken, rest } = takeUnits(left, Math.min(size, PIECE_UNITS));
    yield taken;
    left = rest;
  }
}
const namedWithheld = async (withheld: readonly (UnitRange & { readonly code: string })[], secrets: Secrets): Promise<Piece['withheld']> => {
  const named: { code: string; voucherIds: readonly string[] }[] = [];
  for (const { code, ...range } of withheld) {
    for (const piece of piecesOf(sizeOf(range) > 0 ? [range] : [])) named.push({ code, voucherIds: await secrets.voucherIds(piece) });
  }
  return named;
};
const plainOf = (opened: readonly OpenedSecret[]): Secret =>
  new Secret(JSON.stringify({
    secrets: opened.map(({ voucherId, number, code, expiresAtMs }) => ({ voucherId, number: number.reveal(), code: code.reveal(), ...(expiresAtMs > 0 && { expiresAtMs }) })),
  }));
