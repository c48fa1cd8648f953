import type { ParkedStore } from '@vouchsafe/bus';
import { mongoParkedStore } from '@vouchsafe/parked-mongo';
import { SERVICES } from '@vouchsafe/process';
import { type Databases, placeOf } from './databases.js';

/** The parked messages of each service, in its database. To be closed. */
export const parkedOfServices = (databases: Databases): readonly ParkedStore[] => SERVICES.map((service) => mongoParkedStore(placeOf(databases, service, 'parked')));
