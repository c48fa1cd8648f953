/** Where each start of a process claims its boot epoch: its revision there, counted from 1. No category and no reader sees it. */
export const EPOCHS = 'vouchsafe_epochs';

/** Whether a stream is one that readers of the port see: neither the server's own nor the epochs. */
export const isOurs = (stream: string): boolean => !stream.startsWith('$') && stream !== EPOCHS;
