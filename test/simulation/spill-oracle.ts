import { isDeepStrictEqual } from 'node:util';
import type { TaskRow } from '../../src/contracts/rows.ts';
import type { Task } from '../../src/contracts/distributor/task.ts';
import { spilledTo } from './drawn-overflow.ts';
import type { Check, Item } from './oracle.ts';

/** A task requires what it was submitted with, or it says by which rule it was spilled and from what; what has come stays as it is, but for a task that follows its own policy. */
export function createSpillOracle(check: Check, submittedAs: (task_id: string) => Task | undefined) {
  return (before: Item | undefined, after: Item, at: number): void => {
    const { task_id, required_capabilities: required, spilled } = after as unknown as TaskRow;
    const promise = (holds: boolean): void => {
      check(holds, at, 'SpilledByRule', () => `${task_id} requires ${required.join()}, ${JSON.stringify(spilled)}`);
    };
    if (before === undefined) {
      const own = submittedAs(task_id)?.required_capabilities;
      const isSpilled = isDeepStrictEqual(spilled, { by: 'spilling', from: own });
      if (spilled !== undefined) promise(isSpilled && isDeepStrictEqual(required, spilledTo));
      else promise(own === undefined || isDeepStrictEqual(required, own));
      return;
    }
    promise(isDeepStrictEqual(before['spilled'], spilled));
    promise(isDeepStrictEqual(before['required_capabilities'], required) || before['on_expiry'] !== undefined);
  };
}
