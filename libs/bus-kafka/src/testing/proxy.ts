import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy whose open connections can fall silent, as when a network swallows packets; new ones go through. */
export class Proxy {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #silenced = 0;

  private constructor(target: () => number) {
    this.#server = createServer((near) => {
      const far = connect(target(), '127.0.0.1');
      const pair = [near, far] as const;
      this.#pairs.add(pair);
      const end = (): void => {
        this.#pairs.delete(pair);
        near.destroy();
        far.destroy();
      };
      near.pipe(far).on('error', end).on('close', end);
      far.pipe(near).on('error', end).on('close', end);
    });
  }
  static async listen(port: number, target: () => number): Promise<Proxy> {
    const proxy = new Proxy(target);
    proxy.#server.listen(port, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** From now on nothing goes through the connections that are open; neither side is told. */
  silence(): number {
    for (const [near, far] of this.#pairs) {
      near.unpipe(far);
      far.unpipe(near);
      near.resume();
      far.pause();
      this.#silenced++;
    }
    return this.#silenced;
  }

  async close(): Promise<void> {
    for (const [near, far] of this.#pairs) {
      near.destroy();
      far.destroy();
    }
    this.#server.close();
    await once(this.#server, 'close');
  }
}
