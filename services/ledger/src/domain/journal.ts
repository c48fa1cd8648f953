import { accept, type Decider, type Decision, type Instant, invariant, type Message, type Of, PersistentMap, reject } from '@vouchsafe/kernel';
import { type Entry, movesLimited, type Posting } from './entry.js';
import { dimensionsOf, type Fact } from './fact.js';
import { flawOf } from './flaw.js';
import { bookedOn, type BusinessDate, type Period, type Segment } from './period.js';
import { entryFor } from './posting.js';

/** What goes from one segment of a journal into the next. */
export type JournalCarry = {
  readonly bookId: string; readonly shard: number; readonly segment: Segment; readonly previous?: Segment; readonly ordinal: number;
  readonly closedThrough?: Period;
  /** Latest time that an entry of the segments before occurred. */
  readonly postedUpTo: Instant;
};
type At = { readonly at: Instant };
export type JournalCommand =
  | Message<'OpenJournal', At & { readonly carry: JournalCarry }>
  | Message<'PostFact', At & {
    readonly factId: string; readonly fact: Fact; readonly occurredAt: Instant; readonly businessDate: BusinessDate; readonly lookedBack: boolean;
    readonly fingerprint: number; readonly note?: string; readonly original?: readonly Posting[];
  }>
  | Message<'CloseJournal', At & { readonly next: Segment; readonly closedThrough?: Period }>;
export type JournalEvent =
  | Message<'JournalOpened', At & JournalCarry>
  | Message<'EntryPosted', At & { readonly fingerprint: number; readonly entry: Entry }>
  | Message<'JournalClosed', At & { readonly next: Segment; readonly closedThrough?: Period; readonly entries: number }>;
export type JournalRejection = 'JOURNAL_UNKNOWN' | 'FACT_ID_REUSED' | 'FACT_INVALID' | 'PERIOD_CLOSED' | 'LOOK_BACK';

type Running = JournalCarry & { /** The same, entries of this segment included. */ readonly latest: Instant; readonly entries: PersistentMap<string, number> };
export type Journal =
  | { readonly step: 'unopened' }
  | (Running & { readonly step: 'open' })
  | (Running & { readonly step: 'closed'; readonly next: Segment });

/** Entries that touch no limited account: stream `journal-<book>_<shard>_<segment>`. A fact is booked once, for ever. */
const decide = (command: JournalCommand, journal: Journal): Decision<JournalEvent, JournalRejection> => {
  if (journal.step === 'unopened') {
    return command.type === 'OpenJournal' ? accept({ type: 'JournalOpened', ...command.carry, at: command.at } as const) : reject('JOURNAL_UNKNOWN');
  }
  switch (command.type) {
    case 'OpenJournal': return accept();
    case 'PostFact': return post(command, journal);
    case 'CloseJournal': return close(command, journal);
  }
};

const post = (command: Of<JournalCommand, 'PostFact'>, journal: Exclude<Journal, { step: 'unopened' }>): Decision<JournalEvent, JournalRejection> => {
  const { factId, fact, occurredAt, businessDate, fingerprint, note, original, at } = command;
  const before = journal.entries.get(factId);
  if (before !== undefined) return before === fingerprint ? accept() : reject('FACT_ID_REUSED');
  if (journal.step === 'closed') return reject('PERIOD_CLOSED', { next: journal.next });
  const { previous, postedUpTo, closedThrough } = journal;
  if (previous !== undefined && !command.lookedBack && occurredAt <= postedUpTo) return reject('LOOK_BACK', { previous });
  const flaw = dimensionsOf(fact).bookId === journal.bookId ? flawOf(fact, undefined) : 'the journal is another book\'s';
  if (flaw) return reject('FACT_INVALID', { flaw });
  const entry = entryFor(fact, { factId, occurredAt, businessDate, note, original });
  if (movesLimited(entry.postings)) return reject('FACT_INVALID', { flaw: 'an entry on a limited account names it' });
  const day = bookedOn(businessDate, closedThrough);
  return accept({ type: 'EntryPosted', fingerprint, entry: day === businessDate ? entry : { ...entry, bookedOn: day }, at } as const);
};

const close = ({ next, closedThrough, at }: Of<JournalCommand, 'CloseJournal'>, journal: Exclude<Journal, { step: 'unopened' }>): Decision<JournalEvent, JournalRejection> => {
  if (journal.step === 'closed') return accept();
  const before = journal.closedThrough;
  const through = closedThrough === undefined || (before !== undefined && before > closedThrough) ? before : closedThrough;
  return accept({ type: 'JournalClosed', next, ...(through !== undefined && { closedThrough: through }), entries: journal.entries.size, at } as const);
};

const evolve = (journal: Journal, event: JournalEvent): Journal => {
  if (event.type === 'JournalOpened') {
    const { type: _type, at: _at, ...carry } = event;
    return { ...carry, step: 'open', latest: carry.postedUpTo, entries: PersistentMap.empty() };
  }
  invariant(journal.step === 'open', 'a journal changes only between its opening and its closing');
  switch (event.type) {
    case 'EntryPosted': {
      const { factId, occurredAt } = event.entry;
      return { ...journal, entries: journal.entries.set(factId, event.fingerprint), latest: occurredAt > journal.latest ? occurredAt : journal.latest };
    }
    case 'JournalClosed': {
      const { next, closedThrough } = event;
      return { ...journal, step: 'closed', next, ...(closedThrough !== undefined && { closedThrough }) };
    }
  }
};

export const journalDecider: Decider<Journal, JournalCommand, JournalEvent, JournalRejection> = { decide, evolve, initial: { step: 'unopened' } };

/** What a closed segment hands on. */
export const journalCarryOf = (journal: Journal): JournalCarry => {
  invariant(journal.step === 'closed', 'only a closed segment hands on');
  const { bookId, shard, next, segment, ordinal, closedThrough, latest } = journal;
  return { bookId, shard, segment: next, previous: segment, ordinal: ordinal + 1, postedUpTo: latest, ...(closedThrough !== undefined && { closedThrough }) };
};
