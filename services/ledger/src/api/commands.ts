import { type Bus, on, serveCommands } from '@vouchsafe/bus';
import { captureHold, holdFunds, postFact, releaseHold } from '@vouchsafe/contracts';
import type { Desk } from '../application/desk.js';

/** Takes the commands that other services send to the ledger. */
export const serveLedgerCommands = (bus: Bus, desk: Desk): void =>
  serveCommands(bus, 'ledger', [
    on(holdFunds, (command, envelope) => desk.hold(command, envelope)),
    on(captureHold, (command, envelope) => desk.capture(command, envelope)),
    on(releaseHold, (command, envelope) => desk.release(command, envelope)),
    on(postFact, (command, envelope) => desk.post(command, envelope)),
  ], { overlapping: true }); // each account's decisions are taken in turn by its stream's host
