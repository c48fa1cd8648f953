export { ledgerErrors } from './api/errors.js';
export { type LedgerConfig, ledgerConfig } from './config.js';
export { booksInLog, ENTRY_CATEGORIES, journalOfLog } from './adapters/log-journal.js';
export { type InvariantName, monthEndInvariants } from './application/invariants.js';
export { createLedger, ledgerProjections, type LedgerPorts } from './ledger.js';
