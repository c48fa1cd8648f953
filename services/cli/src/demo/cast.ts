/** Channels and terminals of the example catalogue that get keys in the sandbox; the first of each is the default. */
export const DEMO_CHANNELS = ['chn_dist', 'chn_corp', 'chn_app', 'chn_dist.shop'] as const;
export const DEMO_TERMINALS = ['trm_lake-1', 'trm_lake-2', 'trm_station-1'] as const;
