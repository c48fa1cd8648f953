import { OrderState } from '@vouchsafe/proto/order/v1/order';
import { EXIT } from '../speech.js';

/** A script must see it when the platform said no, although the call itself went well. Orders under way are no refusal. */
export const exitOfOrder = ({ state }: { readonly state: OrderState }): number => (state === OrderState.REJECTED || state === OrderState.CANCELLED ? EXIT.refused : EXIT.ok);
/** A document with a problem changes nothing. */
export const exitOfApply = ({ problems }: { readonly problems: readonly unknown[] }): number => (problems.length > 0 ? EXIT.refused : EXIT.ok);
