import { Fault } from '@vouchsafe/kernel';

/** The log on the disk is not what was acknowledged. Nothing was changed; restore a backup or ask for help. */
export class LogDamage extends Fault {
  /** `offset`: byte within `file`; `position`: the same place as a position of the log. */
  constructor(
    readonly file: string,
    readonly offset: number,
    readonly position: number,
    why: string,
  ) {
    super(
      'LOG_DAMAGED',
      `${file} at byte ${offset} (position ${position}): ${why}; nothing was changed; restore from a backup or another copy`,
      false,
    );
  }
}

export const closedFault = (): Fault => new Fault('STORE_CLOSED', 'the event store is closed', false);

export const readOnlyFault = (cause: unknown): Fault =>
  new Fault(
    'STORE_READ_ONLY',
    'no space for more events: the store answers reads only until there is room on its disk',
    true,
    { cause },
  );

export const brokenFault = (cause: unknown): Fault =>
  new Fault(
    'STORE_UNAVAILABLE',
    'writing to the disk failed, so this process must end; restart it once the disk is sound',
    true,
    { cause },
  );

/** Whether an error of the disk says no more than that it is full. */
export const isFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT'].includes((error as { code?: string }).code ?? '');
