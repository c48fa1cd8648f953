/** What is wrong with a record beside the others. `field` is a path in it: names and list indexes joined by `/`. */
export type Problem = { readonly field: string; readonly code: ProblemCode; readonly zh: string; readonly en: string };
export type ProblemCode =
  | 'REFERENCE_UNKNOWN' | 'TREE_TOO_DEEP' | 'CURRENCY_DIFFERS' | 'BOOK_DIFFERS' | 'ROOT_MUST_SETTLE' | 'LISTING_OVERLAPS' | 'PRODUCT_TWICE'
  | 'PRICE_BELOW_FLOOR' | 'FIELD_REQUIRED' | 'FIELD_NOT_ALLOWED' | 'FIELD_IMMUTABLE';
