import { bool, int, record, text, type TypeOf } from '@vouchsafe/codec';

export const DEPLOYMENT_FILE = 'deployment.json';
/** In the data directory: whose it is, how often it was restored or copied, how often it was started. `raised`: not secured since. */
export const ownShape = record({ id: text(), epoch: int, boots: int, bootEpoch: int, raised: bool });
/** Kept elsewhere: the same, and how far the log was durable at least. */
export const markerShape = record({ id: text(), epoch: int, boots: int, bootEpoch: int, durable: int });
export type Own = TypeOf<typeof ownShape>;
export type Marker = TypeOf<typeof markerShape>;
