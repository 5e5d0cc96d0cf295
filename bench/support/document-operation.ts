import type { ContextCalls } from '../../src/sdk/client/context-calls.ts';

/** An operation as it is measured: again and again, each time by a client that knows nothing. */
export interface DocumentOperation {
  readonly name: string;
  /** @default 200 */
  readonly repeats?: number;
  /** Before the repeats; not measured. */
  prepare?(contexts: ContextCalls): Promise<unknown>;
  run(contexts: ContextCalls, index: number): Promise<unknown>;
}
