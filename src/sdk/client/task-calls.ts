import type { SubmittedTask } from '../../contracts/api.ts';
import type { Outcome } from '../../contracts/errors.ts';
import type { TaskExplanation } from '../../contracts/distributor/explanation.ts';
import type { TaskForecast } from '../../contracts/distributor/forecast.ts';
import type { Json } from '../../contracts/json.ts';
import { tasksPerMessageMax } from '../../contracts/limits.ts';
import type { Task, TaskStatus, TaskView } from '../../contracts/distributor/task.ts';
import type { AgentClock } from '../clock.ts';
import type { ApiTransport } from './api-transport.ts';
import { isQueueFull, type RoomOptions, roomWaits } from './backpressure.ts';
import { waitFor, type WaitOptions } from './wait.ts';

/** What else is asked of a submission. */
export interface SubmitOptions extends RoomOptions {
  /** True: the answer tells how likely the task misses its deadline. @default false */
  readonly forecast?: boolean;
}

const taskEnds: readonly TaskStatus[] = ['Completed', 'Failed', 'Cancelled'];

function taskPath(id: string): string {
  return `/v1/tasks/${encodeURIComponent(id)}`;
}

/** The calls about tasks. */
export function taskCalls(call: ApiTransport, clock: AgentClock, random: () => number) {
  const get = async (id: string, signal?: AbortSignal) =>
    (await call({ method: 'GET', path: taskPath(id), ...(signal === undefined ? {} : { signal }) })) as TaskView;
  const queryOf = ({ forecast = false }: SubmitOptions) => (forecast ? { query: { forecast: 'true' } } : {});
  const submitAll = async (
    tasks: readonly Task[],
    options: SubmitOptions = {},
  ): Promise<readonly Outcome<SubmittedTask>[]> => {
    const hasWaited = roomWaits(clock, random, options);
    const send = async (part: readonly Task[]) => {
      const answer = await call({ method: 'POST', path: '/v1/tasks', body: { tasks: part }, ...queryOf(options) });
      return [...(answer as { results: readonly Outcome<SubmittedTask>[] }).results];
    };
    const outcomes: Outcome<SubmittedTask>[] = [];
    for (let first = 0; first < tasks.length; first += tasksPerMessageMax) {
      const part = tasks.slice(first, first + tasksPerMessageMax);
      const answers = await send(part);
      while (answers.some(isQueueFull) && (await hasWaited())) {
        const again = part.flatMap((task, index) => (isQueueFull(answers[index]) ? [{ task, index }] : []));
        const later = await send(again.map(({ task }) => task));
        for (const [at, { index }] of again.entries()) answers.splice(index, 1, ...later.slice(at, at + 1));
      }
      outcomes.push(...answers);
    }
    return outcomes;
  };
  const submit = async (task: Task, options: SubmitOptions = {}): Promise<SubmittedTask> => {
    const hasWaited = roomWaits(clock, random, options);
    for (;;) {
      try {
        return (await call({ method: 'POST', path: '/v1/tasks', body: task, ...queryOf(options) })) as SubmittedTask;
      } catch (error) {
        if (!isQueueFull(error) || !(await hasWaited())) throw error;
      }
    }
  };
  return {
    get,
    explain: async (id: string) =>
      (await call({ method: 'GET', path: `${taskPath(id)}/explanation` })) as TaskExplanation,
    submitAll,
    submit,
    forecast: async (tasks: readonly Task[]): Promise<readonly TaskForecast[]> => {
      const items: TaskForecast[] = [];
      for (let first = 0; first < tasks.length; first += tasksPerMessageMax) {
        const body = { tasks: tasks.slice(first, first + tasksPerMessageMax) };
        const answer = await call({ method: 'POST', path: '/v1/tasks/forecast', body });
        items.push(...(answer as { items: readonly TaskForecast[] }).items);
      }
      return items;
    },
    cancel: async (id: string, reason = 'cancelled by its submitter') =>
      (await call({ method: 'POST', path: `${taskPath(id)}/cancel`, body: { reason } })) as TaskView,
    kill: async (id: string, reason: string) =>
      (await call({ method: 'POST', path: `${taskPath(id)}/kill`, body: { reason } })) as TaskView,
    wait: async (id: string, options: WaitOptions<TaskView> = {}): Promise<TaskView> => {
      const view = await waitFor(
        (signal) => get(id, signal),
        (task) => taskEnds.includes(task.status),
        clock,
        options,
      );
      if (view.output_ref === undefined) return view;
      return { ...view, output: (await call({ method: 'GET', path: `${taskPath(id)}/output` })) as Json };
    },
  };
}
