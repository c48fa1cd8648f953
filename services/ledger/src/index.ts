export { ledgerErrors } from './api/errors.js';
export { type LedgerConfig, ledgerConfig } from './config.js';
export { createLedger, ledgerProjections, type LedgerPorts } from './ledger.js';
