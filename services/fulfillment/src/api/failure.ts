import type { Details } from '@vouchsafe/kernel';
import { failureOf, invalidField, RpcFailure } from '@vouchsafe/rpc';
import { type FulfillmentCode, fulfillmentErrors } from './errors.js';

/** The failure of a code of ours. A code that the catalogue lacks is a neighbour's fault. */
export const failure = (code: string, details: Details = {}, pointer?: string): RpcFailure =>
  Object.hasOwn(fulfillmentErrors, code) ? failureOf(fulfillmentErrors, code as FulfillmentCode, details, pointer) : new RpcFailure('unavailable', code, details);
export const invalid = (pointer: string, zh: string, en: string): RpcFailure => invalidField(pointer, 'FIELD_INVALID', zh, en);
