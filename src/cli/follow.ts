import { setTimeout as sleep } from 'node:timers/promises';
import type { RunTask, WorkflowDefinition, WorkflowView } from '../contracts/workflow/workflow.ts';
import type { Client } from '../sdk/client/client.ts';
import type { Output } from './output.ts';
import { showBar, stagesOf, stageStates, type StageState } from './stages.ts';

/** Least time between two looks at the tasks. */
const lookMsMin = 500;
/** More tasks are looked at less often: every look reads all of them. */
const lookMsPerTask = 2;

/** A run that has ended, with its tasks. */
export interface EndedRun {
  readonly view: WorkflowView;
  readonly tasks: readonly RunTask[];
}

/** Waits for a workflow and shows how far it is: a bar a stage on a terminal, a line for each change elsewhere. */
export async function followWorkflow(
  client: Client,
  workflow_id: string,
  definition: WorkflowDefinition,
  { out, signal }: { readonly out: Output; readonly signal: AbortSignal },
): Promise<EndedRun> {
  const stages = stagesOf(definition);
  const show = out.interactive ? await bars(stages.map((stage) => stage.title)) : lines(out);
  const over = new AbortController();
  const pauseMs = Math.max(lookMsMin, definition.nodes.length * lookMsPerTask);
  const look = async () => {
    const tasks = await client.workflowTasks(workflow_id);
    show.update(stageStates(stages, tasks));
    return tasks;
  };
  const looking = (async () => {
    while (!over.signal.aborted) {
      // A look that fails is only a bar that stands still; the waiting itself reports what is wrong.
      await look().catch(() => undefined);
      await sleep(pauseMs, undefined, { signal: over.signal }).catch(() => undefined);
    }
  })();
  try {
    const view = await client.waitWorkflow(workflow_id, { signal });
    over.abort();
    await looking;
    return { view, tasks: await look() };
  } finally {
    over.abort();
    await show.end();
  }
}

interface Show {
  update(states: readonly StageState[]): void;
  end(): Promise<void>;
}

function lines(out: Output): Show {
  let shown: readonly string[] = [];
  return {
    update(states) {
      const now = states.map(showBar);
      for (const [index, line] of now.entries()) {
        if (line !== shown[index] && (states[index]?.done ?? 0) > 0) out.progress(line);
      }
      shown = now;
    },
    end: async () => undefined,
  };
}

async function bars(titles: readonly string[]): Promise<Show> {
  const { Listr } = await import('listr2');
  const stages = titles.map((title) => ({
    title,
    task: undefined as { title: string } | undefined,
    end: Promise.withResolvers<undefined>(),
  }));
  const list = new Listr(
    stages.map((stage) => ({
      title: stage.title,
      task: (_context: unknown, task: { title: string }) => {
        stage.task = task;
        return stage.end.promise;
      },
    })),
    { concurrent: true, exitOnError: false, registerSignalListeners: false },
  );
  // A stage may fail before the list looks at it.
  for (const stage of stages) stage.end.promise.catch(() => undefined);
  const rendered = list.run();
  return {
    update(states) {
      for (const [index, state] of states.entries()) {
        const stage = stages[index];
        if (stage === undefined) continue;
        if (stage.task !== undefined) stage.task.title = showBar(state);
        if (state.done === state.total) {
          if (state.failed > 0) stage.end.reject(new Error(`${state.failed} failed`));
          else stage.end.resolve(undefined);
        }
      }
    },
    async end() {
      for (const stage of stages) stage.end.resolve(undefined);
      await rendered.catch(() => undefined);
    },
  };
}
