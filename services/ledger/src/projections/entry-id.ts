import { uuidv5 } from '@vouchsafe/runtime';

/** Id of the entry that a fact became: of its limited account or, outside those, of its book. The same for ever. */
export const entryIdOf = (owner: string, factId: string): string => `ent_${uuidv5(`entry/${owner}/${factId}`)}`;
