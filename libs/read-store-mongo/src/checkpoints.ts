/** How far a follower has got, by its name. */
export type Checkpoint = { _id: string; position: number };
export const CHECKPOINTS = 'checkpoints';
