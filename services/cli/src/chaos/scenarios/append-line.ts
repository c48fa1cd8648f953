import type { ClusterOptions } from '@vouchsafe/cluster';
import { CuttingProxy } from '@vouchsafe/esdb-door/testing';
import { seededRandom } from '@vouchsafe/runtime';
import { sleep } from '../world.js';

const UNDER_LOAD_MS = 20_000;
const FRAME_HEADER = 9;
const DATA = 0;
/** Where the answer's kind and its first field lie in a frame: behind the prefix of the message. */
const [KIND, FIRST] = [5, 7];

/** The line between every service and the event store: counts answers to appends, and may cut before they come back. */
export class AppendLine {
  #proxy: CuttingProxy | undefined;
  #share = 0;
  appended = 0;
  /** Refused for a revision that is no more. */
  refused = 0;

  cluster(seed: number): Pick<ClusterOptions, 'eventStoreVia'> {
    const random = seededRandom(seed);
    return {
      eventStoreVia: async (url) => {
        const proxy = await CuttingProxy.before(Number(new URL(url).port));
        proxy.cutAlways((bytes) => {
          const { appended, refused } = answersIn(bytes);
          this.appended += appended;
          this.refused += refused;
          return appended > 0 && random.fraction() < this.#share;
        });
        this.#proxy = proxy;
        return url.replace(/:\d+/, `:${proxy.port}`);
      },
    };
  }

  /** Keeps back a share of the answers for a while, and cuts their lines. */
  async cut(share: number, rounds: number): Promise<Readonly<Record<string, number>>> {
    const before = this.appended;
    this.#share = share;
    await sleep(UNDER_LOAD_MS * rounds);
    this.#share = 0;
    return { appends: this.appended - before, cuts: this.#proxy?.cuts ?? 0 };
  }
  async close(): Promise<void> {
    await this.#proxy?.close();
  }
}

/** Answers to appends in a piece of an HTTP/2 line: what is in it whole is looked at. */
const answersIn = (bytes: Buffer): { readonly appended: number; readonly refused: number } => {
  let [appended, refused] = [0, 0];
  for (let at = 0; at + FRAME_HEADER + FIRST < bytes.length; ) {
    const [length, type, message] = [bytes.readUIntBE(at, 3), bytes[at + 3], at + FRAME_HEADER];
    const kind = type === DATA && length > FIRST ? `${bytes[message + KIND]}/${bytes[message + FIRST]}` : '';
    if (SUCCESS.has(kind)) appended++;
    if (REFUSAL.has(kind)) refused++;
    at = message + length;
  }
  return { appended, refused };
};
/** Field 1 of an answer is a success, which begins with its revision; field 2 a refusal, which begins with the revision there is, or that there is none. */
const SUCCESS = new Set([`${0x0a}/${0x08}`]);
const REFUSAL = new Set([`${0x12}/${0x30}`, `${0x12}/${0x3a}`]);
