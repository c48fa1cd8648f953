/** Names of this context's streams. */
const named = (category: string) => ({
  category,
  of: (id: string): string => `${category}-${id}`,
  idOf: (stream: string): string => stream.slice(category.length + 1),
});
export const principalStream = named('principal');
export const approvalStream = named('approval');
export const erasureStream = named('erasure');
export const encryptionStream = named('encryption');
export const CATEGORIES = [principalStream.category, approvalStream.category, erasureStream.category, encryptionStream.category] as const;
