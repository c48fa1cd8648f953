import type { WriteRequest, Writer } from '../sqlite/rows.js';
import type { WriteEngine } from '../sqlite/write-engine.js';

type Waiting = { readonly request: WriteRequest; readonly done: () => void; readonly failed: (error: unknown) => void };
export type Written = { readonly documents: readonly string[]; readonly tables: readonly string[] };

const GROUP_MAX = 64;

/** Commits together what is asked for within one turn of the event loop: a commit costs more than a document. */
export class GroupedWriter implements Writer {
  readonly #engine: WriteEngine;
  readonly #written: (written: Written) => void;
  #waiting: Waiting[] = [];

  /** `written` is told after each commit. */
  constructor(engine: WriteEngine, written: (written: Written) => void) {
    this.#engine = engine;
    this.#written = written;
  }

  run(request: WriteRequest): Promise<void> {
    return new Promise((done, failed) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#commit());
      this.#waiting.push({ request, done, failed });
    });
  }

  #commit(): void {
    const group = this.#waiting.splice(0, GROUP_MAX);
    if (this.#waiting.length > 0) setImmediate(() => this.#commit());
    const errors = this.#engine.runAll(group.map(({ request }) => request));
    const [documents, tables] = [new Set<string>(), new Set<string>()];
    for (const [i, { request, done, failed }] of group.entries()) {
      if (errors[i] !== undefined) failed(errors[i]);
      else {
        note(request, documents, tables);
        done();
      }
    }
    if (documents.size + tables.size > 0) this.#written({ documents: [...documents], tables: [...tables] });
  }

  async close(): Promise<void> {
    while (this.#waiting.length > 0) this.#commit();
    this.#engine.close();
  }
}

const note = (request: WriteRequest, documents: Set<string>, tables: Set<string>): void => {
  switch (request.kind) {
    case 'write':
    case 'put': return void documents.add(request.name);
    case 'all': return request.requests.forEach((one) => note(one, documents, tables));
    case 'open': return void tables.add(request.spec.name);
    case 'drop': return void tables.add(request.name);
    case 'replace':
      documents.add(request.name);
      tables.add(request.name).add(request.replacement);
      return;
    case 'checkpoint':
    case 'forget':
    case 'purge':
  }
};
