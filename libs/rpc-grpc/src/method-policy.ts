import { type DescMethod, type DescService, getOption, hasOption } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as Idempotency } from '@bufbuild/protobuf/wkt';
import { access, Audience } from '@vouchsafe/proto/common/v1/options';

/** Whether a method may be asked again by itself when its answer was lost: one that changes nothing, or that says so. */
export const isRepeatable = (method: DescMethod): boolean => {
  if (method.idempotency === Idempotency.IDEMPOTENT || method.idempotency === Idempotency.NO_SIDE_EFFECTS) return true;
  if (!hasOption(method, access)) return false;
  const { audience, mutation, repeatable } = getOption(method, access);
  return repeatable || (!mutation && audience !== Audience.INTERNAL);
};

/** Of services only; nobody from outside reaches it, whatever token is shown. */
export const isInternal = (method: DescMethod): boolean => hasOption(method, access) && getOption(method, access).audience === Audience.INTERNAL;

/**
 * How grpc-js is to treat a service: spread over all addresses of its name, and repeat what may be repeated at most twice
 * while nobody answered. Its own retries keep to the call's deadline, stop at the first byte of an answer and are throttled
 * when most of them fail, so that a struggling service is not buried; a loop of ours would have to learn all of that.
 */
export const serviceConfigOf = (services: readonly DescService[]): string => JSON.stringify({
  loadBalancingConfig: [{ round_robin: {} }],
  methodConfig: [{ name: services.flatMap(({ methods }) => methods.filter(isRepeatable).map(({ parent, name }) => ({ service: parent.typeName, method: name }))), retryPolicy: RETRIES }]
    .filter(({ name }) => name.length > 0),
  retryThrottling: { maxTokens: 20, tokenRatio: 0.2 },
});
const RETRIES = { maxAttempts: 3, initialBackoff: '0.05s', maxBackoff: '0.5s', backoffMultiplier: 3, retryableStatusCodes: ['UNAVAILABLE'] };
