import type { ServiceModule } from '@vouchsafe/runtime';
import { openStreams } from './adapters/streams.js';
import { serveLedgerCommands } from './api/commands.js';
import { Books } from './application/books.js';
import { createCalendar } from './application/calendar.js';
import { accountChain, journalChain } from './application/chains.js';
import { Desk } from './application/desk.js';
import type { LedgerPorts } from './application/ports.js';
import type { LedgerConfig } from './config.js';

export type { LedgerPorts } from './application/ports.js';

/** The ledger: holds, captures, entries, periods. Serves as soon as it has started. */
export const createLedger = (ports: LedgerPorts, config: LedgerConfig): ServiceModule => {
  const { store, clock, log, bus } = ports;
  const streams = openStreams(ports, config);
  const calendar = createCalendar(config.books, config.standardBook);
  const books = new Books(streams, calendar, clock, config.journalShards);
  const ground = { streams, books, calendar, store, clock, log, segmentEvents: config.segmentEvents, hintOf: async () => undefined };
  const desk = new Desk({ accounts: accountChain(ground), journals: journalChain(ground), books, calendar, clock, postingsOf: async () => undefined });
  return {
    name: 'ledger',
    needs: [],
    start: async () => serveLedgerCommands(bus, desk),
    stop: async () => {},
  };
};
