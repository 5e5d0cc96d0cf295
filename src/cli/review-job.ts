import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { planReview } from '../../examples/review/plan.ts';
import { buildReport } from '../../examples/review/report.ts';
import type { ReviewReport } from '../../examples/review/review-report.ts';
import type { Review } from '../../examples/review/review.ts';
import { scanTree } from '../../examples/review/scan.ts';
import { CadreError } from '../contracts/errors.ts';
import { parse } from '../contracts/parse.ts';
import { workflowDefinition, type RunTask, type WorkflowView } from '../contracts/workflow/workflow.ts';
import type { Client } from '../sdk/client/client.ts';
import { followWorkflow } from './follow.ts';
import type { Output } from './output.ts';

/** A review that has ended. */
export interface ReviewResult {
  readonly view: WorkflowView;
  readonly tasks: readonly RunTask[];
  readonly report: ReviewReport;
  /** Where the Markdown and the JSON report are. */
  readonly files: { readonly markdown: string; readonly json: string };
  readonly delivery_notification: string;
}

/** Reviews a source tree: plans the workflow from the real files, runs it, and writes the report with who did what and why. */
export async function reviewTree(
  client: Client,
  path: string,
  folder: string,
  { out, signal }: { readonly out: Output; readonly signal: AbortSignal },
): Promise<ReviewResult> {
  const root = resolve(path);
  const { files } = await scanTree(root, signal);
  const definition = parse(workflowDefinition, planReview(files, { root }));
  const handle = await client.run(definition);
  out.progress(
    `Reviewing ${files.length} files of ${root} in ${definition.nodes.length} tasks (${handle.workflow_id})`,
  );
  const { view, tasks } = await followWorkflow(client, handle.workflow_id, definition, { out, signal });
  const { delivery_notification } = await client.deliveryNotification(handle.workflow_id);
  const review = reviewOf(view);
  const { markdown, json: report } = buildReport(
    review,
    tasks.map((task) => ({ ...task, reason: task.reasons?.join('; ') })),
  );
  const written = { markdown: join(resolve(folder), 'report.md'), json: join(resolve(folder), 'report.json') };
  await mkdir(resolve(folder), { recursive: true });
  await writeFile(written.markdown, markdown);
  await writeFile(written.json, `${JSON.stringify(report, null, 2)}\n`);
  return { view, tasks, report, files: written, delivery_notification };
}

/** Throws CadreError `unreadable-file` unless this is a folder whose files can be listed: asked before anything is started. */
export async function refuseNoFolder(path: string): Promise<void> {
  await readdir(resolve(path)).catch((cause: unknown): never => {
    throw new CadreError('unreadable-file', `${resolve(path)} is no folder that can be read`, { cause });
  });
}

/** The output of the last task. Without it there is no report, and the workflow says why. */
function reviewOf({ workflow_id, output, status, error }: WorkflowView): Review {
  if (typeof output === 'object' && output !== null && 'review' in output) return output.review as unknown as Review;
  const why = error ?? `the workflow is ${status} and gave no report`;
  throw new CadreError('task-failed', `${why}; see \`npx cadre workflows ${workflow_id}\``);
}
