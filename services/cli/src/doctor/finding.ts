/** One thing a doctor looked at: how it is, and where it is not well, what to do. */
export type Finding = { readonly name: string; readonly ok: boolean; readonly zh: string; readonly en: string };

export const well = (name: string, zh: string, en: string): Finding => ({ name, ok: true, zh, en });
export const unwell = (name: string, zh: string, en: string): Finding => ({ name, ok: false, zh, en });
