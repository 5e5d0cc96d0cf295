import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import jsonata from 'jsonata';
import { reviewHandlers } from '../../../examples/review/handlers.ts';
import { planReview, type ReviewPlan } from '../../../examples/review/plan.ts';
import type { Review } from '../../../examples/review/review.ts';
import { scanTree } from '../../../examples/review/scan.ts';

/** A tree in a temporary folder, removed when its scope ends. */
export interface SampleTree extends Disposable {
  readonly root: string;
}

/** Writes files into a fresh temporary folder. */
export function sampleTree(files: Readonly<Record<string, string | Uint8Array>>): SampleTree {
  const root = mkdtempSync(join(tmpdir(), 'review-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return {
    root,
    [Symbol.dispose]: () => {
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Commits everything in the tree at a date, under a name. */
export function commitAll(root: string, author: string, date: string): void {
  const env = { ...process.env, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date, GIT_CONFIG_GLOBAL: '/dev/null' };
  const run = (...args: string[]): void => {
    execFileSync('git', ['-C', root, '-c', `user.name=${author}`, '-c', 'user.email=a@example.org', ...args], {
      env,
      stdio: 'ignore',
    });
  };
  run('init');
  run('add', '--all');
  run('commit', '--no-gpg-sign', '-m', 'sample');
}

/** A context whose signal never fires. */
export const quietContext = { signal: new AbortController().signal, progress: (): void => undefined };

/** The outcome of a whole review. */
export interface Outcome {
  readonly plan: ReviewPlan;
  readonly nodes: Record<string, { status: string; error?: { code: string; message: string } }>;
  readonly outputs: Record<string, unknown>;
  readonly review: Review;
  readonly markdown: string;
}

/** Runs a plan one node after the other, as the workflow would: payload or JSONata input, values copied as JSON. */
export async function runReview(root: string): Promise<Outcome> {
  const scan = await scanTree(root);
  const plan = planReview(scan.files, { root });
  const outputs: Record<string, unknown> = {};
  const nodes: Outcome['nodes'] = {};
  for (const node of plan.nodes) {
    const pick = (from: object): object =>
      Object.fromEntries(Object.entries(from).filter(([name]) => node.depends_on.includes(name)));
    const values = { input: null, outputs: pick(outputs), nodes: pick(nodes) };
    const payload: unknown = node.input === undefined ? node.payload : await jsonata(node.input).evaluate(values);
    try {
      const output = await reviewHandlers[node.task_type]!(
        { payload: JSON.parse(JSON.stringify(payload)) },
        quietContext,
      );
      outputs[node.name] = JSON.parse(JSON.stringify(output));
      nodes[node.name] = { status: 'Completed' };
    } catch (error) {
      const { code, message } = error as { code: string; message: string };
      nodes[node.name] = { status: 'Failed', error: { code, message } };
    }
  }
  return { plan, nodes, outputs, ...(outputs['report'] as { review: Review; markdown: string }) };
}
