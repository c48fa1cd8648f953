import ConsumerGroup = require('kafkajs/src/consumer/consumerGroup');

const MENDED = Symbol.for('vouchsafe.kafkajs.joins');

/**
 * A member that is to join its group again and cannot just then (its coordinator is loading, or not reached) is let go on by kafkajs
 * as if it had: it fetches, and a coordinator that has loaded what it knew takes its heartbeats, so that it never joins and nobody is
 * told of partitions; where its id was forgotten too, it sends no heartbeat ever again. Mended: it joins before it goes on, and what
 * does not pass soon is a crash. May be called twice.
 */
export const mendJoins = (): void => {
  const prototype = ConsumerGroup.prototype as ConsumerGroup & { [MENDED]?: true };
  if (prototype[MENDED]) return;
  const join = prototype.joinAndSync;
  // What the retrier gives up with is never retriable, so whoever runs the member does not go on with it.
  prototype.joinAndSync = function (): Promise<void> {
    return this.retrier(() => join.call(this));
  };
  prototype[MENDED] = true;
};
