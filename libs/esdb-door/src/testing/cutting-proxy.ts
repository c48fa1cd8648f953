import net from 'node:net';

/**
 * A TCP proxy that lets questions through and, when told, cuts the line before the answer to them comes back, or keeps silent as a
 * machine does that has hung.
 */
export class CuttingProxy {
  readonly #server: net.Server;
  readonly #lines = new Set<net.Socket>();
  #cutNext: (() => boolean) | undefined;
  #cutAlways: ((bytes: Buffer) => boolean) | undefined;
  cuts = 0;
  /** Nothing passes in either direction, and what was to pass is gone. */
  silent = false;

  private constructor(readonly target: number) {
    this.#server = net.createServer((near) => this.#join(near));
  }

  static async before(port: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(port);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** From now on the next answer is kept back, and its line cut, once `ready` says so; asked with every piece of an answer. */
  cutWhen(ready: () => boolean): void {
    this.#cutNext = ready;
  }
  /** Each piece of an answer that `is` one is kept back, and its line cut. */
  cutAlways(is: (bytes: Buffer) => boolean): void {
    this.#cutAlways = is;
  }
  /** Lines made so far pass nothing for ever; new ones work. */
  silenceOld(): void {
    for (const line of this.#lines) line.pause();
    this.silent = false;
  }
  cutAll(): void {
    for (const line of this.#lines) line.destroy();
  }

  #join(near: net.Socket): void {
    const far = net.connect(this.target, '127.0.0.1');
    for (const line of [near, far]) {
      this.#lines.add(line);
      line.setNoDelay(true);
      line.on('error', () => undefined); // a cut line is what this is for
      line.on('close', () => {
        this.#lines.delete(line);
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (bytes) => this.silent || far.write(bytes));
    far.on('data', (bytes) => {
      if (this.silent) return;
      const isNext = this.#cutNext?.() === true;
      if (isNext) this.#cutNext = undefined;
      if (isNext || this.#cutAlways?.(bytes)) {
        this.cuts++;
        near.destroy();
      } else near.write(bytes);
    });
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
