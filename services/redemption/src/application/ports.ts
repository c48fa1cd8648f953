import type { DeciderHost, Soon } from '@vouchsafe/event-store';
import type { Instant } from '@vouchsafe/kernel';
import type { Chunk, Use } from '../domain/chunk.js';
import type { Activation, BatchUnit, GrantCommand, GrantEvent, GrantRejection, Partner } from '../domain/grant-messages.js';
import type { GuessCommand, Guesses, GuessEvent, GuessRejection } from '../domain/guess.js';
import type { Terminal, TerminalCommand, TerminalEvent, TerminalRejection } from '../domain/terminal.js';

export type GrantHost = DeciderHost<Chunk, GrantCommand, GrantEvent, GrantRejection>;
export type TerminalHost = DeciderHost<Terminal, TerminalCommand, TerminalEvent, TerminalRejection>;
export type GuessHost = DeciderHost<Guesses, GuessCommand, GuessEvent, GuessRejection>;

/** A unit with its public id. */
export type NamedUnit = BatchUnit & { readonly voucherId: string };

/** Inventory's vault, as far as redemption may ask it. */
export interface Codes {
  /** The unit of a presented code; looked for in the same time whether there is one or not. */
  unitOf(code: string): Promise<NamedUnit | undefined>;
  /** Public ids of units, in order. */
  voucherIds(units: readonly BatchUnit[]): Promise<readonly string[]>;
  /** The unit behind a public id. */
  unitNamed(voucherId: string): Promise<NamedUnit | undefined>;
}

export type TerminalFacts = {
  readonly terminalId: string; readonly storeId: string; readonly zone: string; readonly scenes: readonly string[]; readonly active: boolean;
  readonly partner?: Partner;
};
/** Catalog's terminals. Answers may be some seconds old, and are then there at once. */
export interface Terminals {
  factsOf(terminalId: string): Soon<TerminalFacts | undefined>;
}

/** Where a unit was granted. */
export type GrantPlace = { readonly orderId: string; readonly lineId: string; readonly stream: string; readonly activatedAt: Instant };
export type GrantLine = {
  readonly lineId: string; readonly channelId: string; readonly ownerPrincipal: string; readonly productId: string; readonly kind: string;
  readonly units: number; readonly activatedAt: Instant;
};
/** Views of redemption's own grants; behind the log by a moment. */
export interface GrantIndex {
  /** All chunks that ever had the unit, newest first. */
  grantsOf(unit: BatchUnit): Promise<readonly GrantPlace[]>;
  linesOf(orderId: string): Promise<readonly GrantLine[]>;
  redemption(redemptionId: string): Promise<{ readonly grant: string; readonly unit: BatchUnit } | undefined>;
  /** Settles once all that is in the log now is in the views, or after `withinMs`: false then. */
  caughtUp(withinMs: number): Promise<boolean>;
}

/** Where an event lies in the log. */
export type InLog = { readonly stream: string; readonly revision: number; readonly eventId: string };
/** The journal of what cannot be undone (RULES, Secrets 4), as far as grants go. */
export interface Irrevocable {
  /** On the disk when it settles or is done: the answer must not go out before. */
  redeemed(entry: { readonly redemptionId: string; readonly unit: BatchUnit; readonly grant: Activation; readonly use: Use; readonly principal: string; readonly inLog: InLog }): Soon<void>;
  reversed(entry: { readonly redemptionId: string; readonly unit: BatchUnit; readonly principal: string; readonly inLog: InLog }): Promise<void>;
  /** Why a unit must not be used, disclosed or refunded, though the log (restored from a backup) does not say so. */
  doubt(unit: BatchUnit, grant: Activation): 'ALREADY_REDEEMED' | 'GRANT_HELD' | undefined;
}
