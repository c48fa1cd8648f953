/** Events handled at once. */
export const BATCH_MAX = 2048;
/** A batch of one event costs almost what one of a hundred does, so a moment's events are handled together. */
export const GATHER_MS = 10;
export const GATHER_BELOW = 1024;
/** Where effects are gathered: so long events are let come before they are taken up, and so many at most are. */
export const TAKE_MS = 25;
export const TAKEN_MAX = 8192;
/** Behind a page of so many events more will follow: whoever waits for what lies far behind is not helped by a commit now. */
export const MORE_FOLLOW = 64;
/** The checkpoint may lag so many events or so long behind: after a crash they are handled again. */
export const CHECKPOINT_EVENTS = 1000;
export const CHECKPOINT_MS = 200;
export const BACKOFF_MS = 100;
export const BACKOFF_MAX_MS = 10_000;
/** While the process ends others may be gone before a follower is told to stop: that is no error. */
export const ENDING: readonly string[] = ['BUS_STOPPED', 'STORE_CLOSED', 'READ_STORE_CLOSED'];
