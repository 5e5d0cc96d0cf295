import { TerminalError } from '../errors.ts';
import type { BatchHandler, BatchItem, Handler } from './handler.ts';

interface Guest {
  readonly item: BatchItem;
  readonly resolve: (output: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Lets the attempts of a batch meet in one call of its handler: for each of them a handler that comes to its end with that call. The call begins when all have come who are expected; whose payload
 * could not be read, or who was interrupted before, must be taken off with `without`, so that the others do not wait for it.
 */
export function openBatchCall(handler: BatchHandler, expected: number) {
  const guests: Guest[] = [];
  let open = expected;
  const run = async (): Promise<void> => {
    const outputs = await handler(guests.map(({ item }) => item));
    if (!Array.isArray(outputs) || outputs.length !== guests.length) {
      const message = `the handler of a batch of ${guests.length} must return as many outputs`;
      throw new TerminalError({ code: 'invalid-output', message });
    }
    guests.forEach(({ resolve, reject }, index) => {
      const output: unknown = outputs[index];
      if (output instanceof Error) reject(output);
      else resolve(output);
    });
  };
  const arrive = (): void => {
    open -= 1;
    if (open > 0 || guests.length === 0) return;
    run().catch((reason: unknown) => {
      for (const { reject } of guests) reject(reason);
    });
  };
  return {
    /** The handler of one attempt. */
    member: (): { readonly handler: Handler; readonly without: () => void } => {
      let isHere = false;
      const come = (): boolean => {
        if (isHere) return false;
        isHere = true;
        return true;
      };
      return {
        handler: async (task, context) => {
          if (!come()) throw new Error('an attempt takes part once');
          const { promise, resolve, reject } = Promise.withResolvers<unknown>();
          if (context.signal.aborted) reject(context.signal.reason as Error);
          else guests.push({ item: { task, context }, resolve, reject });
          arrive();
          return promise;
        },
        without: () => {
          if (come()) arrive();
        },
      };
    },
  };
}
