import type { EventCodec } from '@vouchsafe/codec';
import { DeciderHost, type Envelope, type EventStore, START } from '@vouchsafe/event-store';
import type { Details } from '@vouchsafe/kernel';
import type { Clock, Log, Random } from '@vouchsafe/runtime';
import { type List, type ListCommand, listDecider, type ListEvent, type ListRejection } from '../domain/list.js';
import { type ListFiles, linesOf } from './list-files.js';
import { entriesIn, type FileEntries, type ListMemory } from './list-memory.js';

export type KnownList = Extract<List, object>;
export type ListsPorts = {
  readonly store: EventStore; readonly clock: Clock; readonly random: Random; readonly log: Log; readonly codec: EventCodec<ListEvent>;
  readonly memory: ListMemory; readonly files: ListFiles;
};
export type ListChanged = { readonly ok: true; readonly list: KnownList } | { readonly ok: false; readonly code: ListRejection; readonly details: Details };
const PAGE = 1_000;

/** Block, allow and watch lists, and what kinds of networks there are. As many as people make: all are held in memory. */
export class Lists {
  readonly #host: DeciderHost<List, ListCommand, ListEvent, ListRejection>;
  readonly #known = new Map<string, KnownList>();

  constructor(readonly ports: ListsPorts) {
    const { store, clock, random, codec } = ports;
    this.#host = new DeciderHost({ store, clock, random, codec, decider: listDecider, onAccepted: (_, { state }) => this.#take(state) });
  }

  /** Reads all lists and their files. A file that is not there is said and treated as empty; its verdicts of old stand. */
  async start(): Promise<void> {
    const ids = new Set<string>();
    for (let after = START; ; ) {
      const page = await this.ports.store.readAll({ after, categories: ['list'], max: PAGE });
      for (const { stream } of page.events) ids.add(stream.slice('list-'.length));
      if (page.atEnd) break;
      after = page.next;
    }
    for (const id of ids) await this.reload(id);
  }
  /** Reads a list as it now is, with its file. */
  async reload(id: string): Promise<void> {
    const list = await this.find(id);
    if (list?.file) await this.#openFile(list);
    this.#take(list);
  }

  async find(id: string): Promise<List> {
    return (await this.#host.load(`list-${id}`)).state;
  }
  /** All lists by id. */
  all(): readonly KnownList[] {
    return [...this.#known.values()].sort((a, b) => (a.head.id < b.head.id ? -1 : 1));
  }
  async change(id: string, command: ListCommand, envelope: Envelope): Promise<ListChanged> {
    const answer = await this.#host.handle(`list-${id}`, command, envelope);
    if (!answer.ok) return { ok: false, code: answer.code, details: answer.details };
    return answer.state ? { ok: true, list: answer.state } : { ok: false, code: 'LIST_UNKNOWN', details: {} };
  }
  async wouldChange(id: string, command: ListCommand): Promise<ListChanged> {
    const state = await this.find(id);
    const decision = listDecider.decide(command, state);
    if (!decision.ok) return decision;
    const after = decision.events.reduce(listDecider.evolve, state);
    return after ? { ok: true, list: after } : { ok: false, code: 'LIST_UNKNOWN', details: {} };
  }

  /** Has a file's entries at hand before a list names it. */
  keepFile(sha256: string, entries: FileEntries): void {
    this.ports.memory.keepFile(sha256, entries);
  }

  async #openFile({ head, file }: KnownList): Promise<void> {
    const bytes = await this.ports.files.get(file!.sha256);
    if (bytes) this.keepFile(file!.sha256, entriesIn(head.subject, linesOf(bytes)));
    else this.ports.log.error({ list: head.id, sha256: file!.sha256 }, 'the file of a risk list is missing: import it again');
  }
  #take(list: List): void {
    if (!list) return;
    this.#known.set(list.head.id, list);
    this.ports.memory.put(list);
  }
}
