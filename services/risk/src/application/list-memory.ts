import type { Instant } from '@vouchsafe/kernel';
import type { Entry, List, ListPurpose, ListSubject } from '../domain/list.js';
import type { Parties } from '../domain/verdict.js';
import { type Address, parseAddress, parseRange, type Range } from './ip/address.js';
import { RangeTable } from './ip/range-table.js';
import { isToken } from './protection.js';
import type { Subject } from './features.js';

/** One list as it is asked: its own entries with their ends, and what its file holds. */
type Held = {
  readonly id: string;
  readonly subject: ListSubject;
  readonly purpose: ListPurpose;
  readonly network: string;
  readonly entries: Extract<List, object>['entries'];
  /** Blocks for good in one table; those with an end, few, one by one. */
  readonly blocks: RangeTable;
  readonly timed: readonly { readonly table: RangeTable; readonly entry: Entry }[];
  readonly sha256: string | undefined;
  readonly file: FileEntries;
};
export type FileEntries = { readonly ranges: RangeTable; readonly words: ReadonlySet<string>; readonly size: number; /** Numbers of lines that are no entries. */ readonly refused: readonly number[] };
const NO_FILE: FileEntries = { ranges: new RangeTable([]), words: new Set<string>(), size: 0, refused: [] };

/** What the lines of a file say for a list about `subject`. */
export const entriesIn = (subject: ListSubject, lines: readonly string[]): FileEntries => {
  const ranges: Range[] = [];
  const words = new Set<string>();
  const refused: number[] = [];
  lines.forEach((line, i) => {
    if (line === '') return;
    const range = subject === 'ip' ? parseRange(line) : undefined;
    if (range) ranges.push(range);
    else if (subject === 'email_domain') words.add(line.toLowerCase());
    else if (subject !== 'ip' && isToken(line)) words.add(line);
    else refused.push(i + 1);
  });
  return { ranges: new RangeTable(ranges), words, size: ranges.length + words.size, refused };
};
/** Which kind of network counts where several do: Tor nodes stand in datacenters, and datacenter lists hold VPNs. */
const NETWORK_ORDER = ['tor', 'datacenter', 'vpn'];
const rank = (network: string): number => (NETWORK_ORDER.includes(network) ? NETWORK_ORDER.indexOf(network) : NETWORK_ORDER.length);

export type Looked = Pick<Subject, 'network' | 'emailDisposable' | 'listed'>;

/** All lists in memory; a look-up is some binary searches and hash look-ups. */
export class ListMemory {
  readonly #lists = new Map<string, Held>();
  #networks: readonly Held[] = [];
  readonly #files = new Map<string, FileEntries>();

  /** A list as it now is; a file it names was given to {@link ListMemory.keepFile} before. */
  put(list: Extract<List, object>): void {
    const { head, entries, file } = list;
    const ranges = head.subject !== 'ip' ? [] : [...entries.values()].flatMap((entry) => {
      const range = parseRange(entry.value);
      return range ? [{ range, entry }] : [];
    });
    const held = {
      id: head.id, subject: head.subject, purpose: head.purpose, network: head.network ?? '', entries,
      blocks: new RangeTable(ranges.filter(({ entry }) => entry.until === undefined).map(({ range }) => range)),
      timed: ranges.filter(({ entry }) => entry.until !== undefined).map(({ range, entry }) => ({ table: new RangeTable([range]), entry })),
      sha256: file?.sha256, file: (file && this.#files.get(file.sha256)) ?? NO_FILE,
    };
    const before = this.#lists.get(head.id)?.sha256;
    this.#lists.set(head.id, held);
    if (before !== undefined && ![...this.#lists.values()].some(({ sha256 }) => sha256 === before)) this.#files.delete(before);
    this.#networks = [...this.#lists.values()].filter(({ purpose, subject }) => purpose === 'network' && subject === 'ip').sort((a, b) => rank(a.network) - rank(b.network));
  }

  /** Has a file's entries at hand, before a list names it. */
  keepFile(sha256: string, entries: FileEntries): void {
    this.#files.set(sha256, entries);
  }

  /** What the lists say of an order. The address is looked at and forgotten. */
  look(ip: string, parties: Parties, emailDomain: string, at: Instant): Looked {
    const address = ip === '' ? undefined : parseAddress(ip);
    const listed = { block: [] as string[], allow: [] as string[], watch: [] as string[] };
    let emailDisposable = false;
    for (const held of this.#lists.values()) {
      if (held.purpose === 'network') continue;
      if (!this.#holds(held, address, parties, emailDomain, at)) continue;
      if (held.purpose === 'disposable') emailDisposable = true;
      else listed[held.purpose].push(held.id);
    }
    return { network: this.networkOf(address), emailDisposable, listed };
  }

  /** Kind of network of an address: the first that holds it, Tor before datacenter before VPN; `other` on none, empty without an address. */
  networkOf(address: Address | undefined): string {
    if (!address) return '';
    return this.#networks.find((held) => held.file.ranges.has(address) || held.blocks.has(address))?.network ?? 'other';
  }

  #holds(held: Held, address: Address | undefined, parties: Parties, emailDomain: string, at: Instant): boolean {
    const current = ({ until }: Entry): boolean => until === undefined || at < until;
    const word = held.subject === 'email_domain' ? emailDomain.toLowerCase() : parties[held.subject];
    if (word !== undefined && word !== '') {
      const entry = held.entries.get(word);
      if ((entry && current(entry)) || held.file.words.has(word)) return true;
    }
    if (held.subject !== 'ip' || !address) return false;
    return held.file.ranges.has(address) || held.blocks.has(address) || held.timed.some(({ table, entry }) => table.has(address) && current(entry));
  }
}
