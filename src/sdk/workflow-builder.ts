import { CadreError } from '../contracts/errors.ts';
import { parse } from '../contracts/parse.ts';
import { workflowDefinition, type WorkflowDefinition, type WorkflowNodeInput } from '../contracts/workflow.ts';

/** A task as the builder takes it: its name is given apart, and it may depend only on tasks that were added before. */
export type TaskOptions<Earlier extends string> = Omit<WorkflowNodeInput, 'name' | 'depends_on'> & {
  readonly depends_on?: readonly Earlier[];
};

/** Builds a definition task by task. The compiler refuses unknown dependencies, and a cycle cannot be written. */
export interface WorkflowBuilder<Names extends string = never> {
  /** Adds a task. Throws `duplicate-node` for a name that is taken. */
  task<Name extends string>(name: Name, options: TaskOptions<Names>): WorkflowBuilder<Names | Name>;
  /** Sets the JSONata expression of the workflow's output, over the outputs of the tasks that end the graph. */
  output(expression: string): WorkflowBuilder<Names>;
  /** The definition: the JSON that one could also write by hand. Throws `invalid-input` with all faults. */
  build(): WorkflowDefinition;
}

interface Draft {
  readonly name: string;
  readonly nodes: readonly WorkflowNodeInput[];
  readonly output?: string;
}

function builderOf<Names extends string>(draft: Draft): WorkflowBuilder<Names> {
  return {
    task(name, { depends_on = [], ...options }) {
      if (draft.nodes.some((node) => node.name === name)) {
        throw new CadreError('duplicate-node', `"${name}" is the name of a task already; choose another`, {
          path: name,
        });
      }
      return builderOf({ ...draft, nodes: [...draft.nodes, { name, ...options, depends_on: [...depends_on] }] });
    },
    output: (expression) => builderOf({ ...draft, output: expression }),
    build: () => parse(workflowDefinition, draft),
  };
}

/**
 * Starts a workflow's definition. Each call gives a new builder and leaves the old one as it was.
 * `workflow('release').task('test', { task_type: 'run' }).task('ship', { task_type: 'run', depends_on: ['test'] }).build()`
 */
export function workflow(name: string): WorkflowBuilder {
  return builderOf({ name, nodes: [] });
}
