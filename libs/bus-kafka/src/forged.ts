import type { ParkedStore } from '@vouchsafe/bus';
import type { Clock, Log } from '@vouchsafe/runtime';
import { H, type Incoming } from './wire.js';

export const FORGED = 'forged';
/** Whoever floods a topic must not fill the parking; beyond it they are only told and counted. */
const PARKED_MAX = 1000;

/** Commands that nobody has signed who may command: never handled, kept for a person to look at, and told. */
export class Forged {
  readonly #parked: ParkedStore;
  readonly #clock: Clock;
  readonly #log: Log;
  /** By partition, the last that was counted: after a rebalance messages come again. */
  readonly #counted = new Map<string, number>();
  #count = 0;

  constructor(options: { readonly parked: ParkedStore; readonly clock: Clock; readonly log: Log }) {
    this.#parked = options.parked;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Since the start, each message once; anything but 0 is an alarm. */
  get count(): number {
    return this.#count;
  }

  async park({ topic, partition, offset, key, headers }: Incoming, reason: string): Promise<void> {
    const place = `${topic}/${partition}`;
    if (Number(offset) > (this.#counted.get(place) ?? -1)) {
      this.#counted.set(place, Number(offset));
      this.#count++;
    }
    const { [H.id]: commandId = '', [H.signer]: signer = '', [H.source]: source = '' } = headers;
    this.#log.error({ topic, partition, offset, key, commandId, signer, source, reason }, 'FORGED_COMMAND: a command that nobody may have sent came; it was not handled');
    if (this.#count > PARKED_MAX) return;
    const id = `${FORGED}/${place}/${offset}`;
    await this.#parked.put({
      id, group: FORGED, target: id, error: `FORGED_COMMAND: ${reason}`, attempts: 0, parkedAt: this.#clock.now(),
      // Where it lies in the topic; its body is not copied, for nobody is to act on it.
      message: { topic, partition, offset, key, commandId, signer, source },
    });
  }
}
