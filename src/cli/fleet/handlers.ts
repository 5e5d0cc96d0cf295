import { TerminalError } from '../../sdk/errors.ts';
import type { Handler } from '../../sdk/agent/handler.ts';

/** What an agent of a fleet does: the review of a source tree, sleeping through a recorded workflow, or giving its payload back. */
export type Work = 'review' | 'sleep' | 'echo';

/** Loads the handler of a kind of work, and nothing of the others. */
export async function loadHandler(work: Work): Promise<Handler> {
  if (work === 'sleep') return (await import('./sleep.ts')).sleep;
  if (work === 'echo') return (task) => task.payload;
  const { reviewHandlers } = await import('../../../examples/review/handlers.ts');
  return (task, context) => {
    const handler = reviewHandlers[task.task_type];
    if (handler === undefined) {
      throw new TerminalError({ code: 'unknown-task-type', message: `this agent does not do ${task.task_type}` });
    }
    return handler(task, context);
  };
}
