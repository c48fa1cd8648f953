import type { ClusterOptions } from '@vouchsafe/cluster';
import { CuttingProxy } from '@vouchsafe/esdb-door/testing';
import { seededRandom } from '@vouchsafe/runtime';
import { sleep } from '../world.js';

const SHARE = 0.1;
const UNDER_LOAD_MS = 20_000;
const FRAME_HEADER = 9;
const DATA = 0;

/** Between every service and the event store: one answer to an append in ten is kept back, and its line cut. */
export class CutAppends {
  #proxy: CuttingProxy | undefined;
  #isOn = false;
  appends = 0;

  cluster(seed: number): Pick<ClusterOptions, 'eventStoreVia'> {
    const random = seededRandom(seed);
    return {
      eventStoreVia: async (url) => {
        const proxy = await CuttingProxy.before(Number(new URL(url).port));
        const cut = (bytes: Buffer): boolean => {
          if (!isAppendAnswer(bytes)) return false;
          this.appends++;
          return this.#isOn && random.fraction() < SHARE;
        };
        proxy.cutAlways(cut);
        this.#proxy = proxy;
        return url.replace(/:\d+/, `:${proxy.port}`);
      },
    };
  }

  /** Cuts under load for a while. */
  async run(rounds: number): Promise<Readonly<Record<string, number>>> {
    const before = this.appends;
    this.#isOn = true;
    await sleep(UNDER_LOAD_MS * rounds);
    this.#isOn = false;
    return { appends: this.appends - before, cuts: this.#proxy?.cuts ?? 0 };
  }
  async close(): Promise<void> {
    await this.#proxy?.close();
  }
}

/** Whether a piece of an HTTP/2 line holds the answer of an append that succeeded: a message whose first field begins with a revision. */
const isAppendAnswer = (bytes: Buffer): boolean => {
  for (let at = 0; at + FRAME_HEADER + 8 <= bytes.length; ) {
    const [length, type, message] = [bytes.readUIntBE(at, 3), bytes[at + 3], at + FRAME_HEADER];
    if (type === DATA && length >= 8 && bytes[message] === 0 && bytes[message + 5] === 0x0a && bytes[message + 7] === 0x08) return true;
    at = message + length;
  }
  return false;
};
