import { accept, type Decider, type Instant, type Message } from '@vouchsafe/kernel';

/** That a subject's personal data was to be destroyed, and was. Stream `erasure-<subject>`; the vault follows these facts. */
export type ErasureCommand = Message<'EraseSubject', { readonly subject: string; readonly reason: string; readonly at: Instant }>;
export type ErasureEvent = Message<'SubjectErased', { readonly subject: string; readonly reason: string; readonly at: Instant }>;
export type ErasureState = { readonly erased: boolean };

export const erasure: Decider<ErasureState, ErasureCommand, ErasureEvent, never> = {
  decide: ({ subject, reason, at }, { erased }) => (erased ? accept() : accept({ type: 'SubjectErased', subject, reason, at } as const)),
  evolve: () => ({ erased: true }),
  initial: { erased: false },
};
