import type { NewEvent } from '../port.js';
import * as layout from '../record-layout.js';

/** A text shorter than this is not looked for in the data. */
const MARKED_FROM = 8;
/** What is looked for, in the order of the fields in {@link DataMarker}. */
const KINDS = [
  { flag: layout.CORRELATION_MARKED, mark: layout.MARKS.correlation },
  { flag: layout.PRINCIPAL_MARKED, mark: layout.MARKS.principal },
  { flag: layout.OCCURRED_MARKED, mark: layout.MARKS.occurredAt },
] as const;
const MARK_CODES = KINDS.map(({ mark }) => mark.charCodeAt(0));

/** Writes the data of events with what their heads say anyway as marks. */
export class DataMarker {
  /** Which marks the data written last has. */
  flags = 0;
  readonly #wanted = ['', '', ''];
  /** Of each, where it occurs next in the text; -1: not any more. */
  readonly #next = [-1, -1, -1];
  #time = Number.NaN;
  #timeText = '';

  /** Writes `json` at `at`, where there must be room for all of it unmarked; gives the offset after it. */
  put(out: Buffer, at: number, json: string, event: NewEvent): number {
    this.flags = 0;
    const found = this.#find(json, event);
    const bytes = out.write(json, at, 'utf8');
    if (!found) return at + bytes;
    return bytes === json.length ? this.#shorten(out, at, json) : at + out.write(this.#marked(json), at, 'utf8');
  }

  #find(json: string, { correlation, principal, occurredAt }: NewEvent): boolean {
    if (occurredAt !== this.#time) {
      this.#time = occurredAt;
      this.#timeText = String(occurredAt);
    }
    this.#wanted[0] = correlation;
    this.#wanted[1] = principal;
    this.#wanted[2] = this.#timeText;
    let found = false;
    for (let kind = 0; kind < KINDS.length; kind++) {
      const text = this.#wanted[kind]!;
      this.#next[kind] = text.length < MARKED_FROM ? -1 : json.indexOf(text);
      found ||= this.#next[kind]! >= 0;
    }
    return found;
  }

  /** Of ASCII, written at `at` already: each unit is a byte, so that the places in the text are those in the bytes. */
  #shorten(out: Buffer, at: number, json: string): number {
    let end = at;
    let from = 0;
    for (let kind = this.#first(); kind >= 0; kind = this.#first()) {
      const found = this.#next[kind]!;
      if (from > 0) out.copyWithin(end, at + from, at + found);
      end += found - from;
      out[end++] = MARK_CODES[kind]!;
      from = found + this.#wanted[kind]!.length;
      this.flags |= KINDS[kind]!.flag;
      this.#goOn(json, from);
    }
    out.copyWithin(end, at + from, at + json.length);
    return end + json.length - from;
  }

  #first(): number {
    let first = -1;
    for (let kind = 0; kind < KINDS.length; kind++)
      if (this.#next[kind]! >= 0 && (first < 0 || this.#next[kind]! < this.#next[first]!)) first = kind;
    return first;
  }
  #goOn(json: string, from: number): void {
    for (let kind = 0; kind < KINDS.length; kind++) {
      const next = this.#next[kind]!;
      if (next >= 0 && next < from) this.#next[kind] = json.indexOf(this.#wanted[kind]!, from);
    }
  }

  /** The same for any text, one kind after the other. */
  #marked(json: string): string {
    let data = json;
    for (let kind = 0; kind < KINDS.length; kind++) {
      const text = this.#wanted[kind]!;
      if (text.length < MARKED_FROM || !data.includes(text)) continue;
      data = data.replaceAll(text, KINDS[kind]!.mark);
      this.flags |= KINDS[kind]!.flag;
    }
    return data;
  }
}
