import { Fault, isFault } from './fault.js';

/** An error as it passes between threads. */
export type DescribedError = { readonly message: string; readonly stack?: string; readonly fault?: { readonly code: string; readonly retryable: boolean } };

export const describeError = (error: unknown): DescribedError =>
  error instanceof Error
    ? { message: error.message, ...(error.stack !== undefined && { stack: error.stack }), ...(isFault(error) && { fault: { code: error.code, retryable: error.retryable } }) }
    : { message: String(error) };

/** The error again; what was no Fault there is one of `code` here. */
export const faultOf = ({ message, stack, fault }: DescribedError, code: string): Fault => new Fault(fault?.code ?? code, message, fault?.retryable ?? true, { cause: stack });
