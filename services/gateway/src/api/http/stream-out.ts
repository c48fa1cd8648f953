import { type ErrorBook, Presence, type Refusal } from '@vouchsafe/rpc';
import type { Clock } from '@vouchsafe/runtime';
import type { FastifyReply } from 'fastify';
import { type HttpFacts, problemText } from './http-call.js';
import type { StreamForm } from './stream-form.js';

/** A quiet stream tells that it is there after this long, so that a refusal before it still has a status of its own. */
const FIRST_MS = 250;

/** Writes a stream of answers as fast as the reader takes it. Headers go with the first answer, or when none comes soon. */
export class StreamOut {
  readonly presence = new Presence();
  readonly #quiet = new AbortController();
  #begun = false;
  #wrote = false;

  constructor(readonly reply: FastifyReply, readonly form: StreamForm, readonly headers: Readonly<Record<string, string>>, readonly clock: Clock, readonly keepAliveMs: number) {
    reply.raw.once('close', () => {
      this.presence.leave();
      this.#quiet.abort();
    });
    void this.#giveSignsOfLife();
  }

  get begun(): boolean {
    return this.#begun;
  }
  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.reply.hijack();
    this.reply.raw.writeHead(200, this.headers);
    this.reply.raw.flushHeaders();
  }

  async #giveSignsOfLife(): Promise<void> {
    await this.clock.sleep(FIRST_MS, this.#quiet.signal);
    while (!this.#quiet.signal.aborted) {
      this.#begin();
      if (!this.#wrote && this.form.keepAlive !== undefined) this.reply.raw.write(this.form.keepAlive);
      this.#wrote = false;
      await this.clock.sleep(this.keepAliveMs, this.#quiet.signal);
    }
  }

  async write(piece: string | Uint8Array): Promise<void> {
    this.#begin();
    this.#wrote = true;
    const { raw } = this.reply;
    if (this.presence.gone || raw.write(piece)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        raw.off('drain', done);
        raw.off('close', done);
        resolve();
      };
      raw.on('drain', done);
      raw.on('close', done);
    });
  }

  end(): void {
    this.#begin();
    this.#quiet.abort();
    this.reply.raw.end(this.form.end);
  }
  /** Ends a stream that began and cannot go on; a file is cut off, so that it does not look whole. */
  fail(refusal: Refusal, facts: HttpFacts, book: ErrorBook): void {
    this.#quiet.abort();
    const last = this.form.error(problemText(refusal, facts, book));
    if (last === '') this.reply.raw.destroy();
    else this.reply.raw.end(last);
  }
  /** Gives the reply back to whoever refuses it. */
  leave(): void {
    this.#quiet.abort();
  }
}
