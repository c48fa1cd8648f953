import { runService } from '@vouchsafe/process/run';
import { ledgerConfig } from './config.js';
import { createLedger, ledgerProjections } from './ledger.js';

runService({ name: 'ledger', views: ledgerProjections, settings: () => ledgerConfig, create: createLedger });
