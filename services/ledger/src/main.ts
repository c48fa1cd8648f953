import { runService } from '@vouchsafe/process/run';
import { ledgerConfig } from './config.js';
import { createLedger } from './ledger.js';

runService({ name: 'ledger', settings: () => ledgerConfig, create: createLedger });
