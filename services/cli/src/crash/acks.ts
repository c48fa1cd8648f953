import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';

/** What the driver was answered, durable in the driver's own file before it counts: the server is held to these words. */
export type Ack =
  | { readonly kind: 'order'; readonly number: string; readonly channel: string; readonly orderId: string; readonly state: number; readonly quantity: number }
  | { readonly kind: 'disclosure'; readonly orderId: string; readonly codes: readonly string[] }
  | { readonly kind: 'redemption'; readonly voucherId: string; readonly redemptionId: string; readonly orderId: string; readonly sequence: number }
  | { readonly kind: 'refund'; readonly orderId: string; readonly refundId: string };

export class Acks {
  readonly #file: number;
  readonly all: Ack[] = [];
  #dirty = false;
  constructor(file: string) {
    this.#file = openSync(file, 'a', 0o600);
  }
  note(ack: Ack): void {
    this.all.push(ack);
    writeSync(this.#file, `${JSON.stringify(ack)}\n`);
    this.#dirty = true;
  }
  /** Makes what was noted durable; called before each kill. */
  flush(): void {
    if (this.#dirty) fsyncSync(this.#file);
    this.#dirty = false;
  }
  close(): void {
    this.flush();
    closeSync(this.#file);
  }
}
