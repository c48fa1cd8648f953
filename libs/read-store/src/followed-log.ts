import type { EventStore } from '@vouchsafe/event-store';

/** Of the event store what following it takes. */
export type FollowedLog = Pick<EventStore, 'head' | 'durable' | 'readAll' | 'subscribe' | 'feed'>;
