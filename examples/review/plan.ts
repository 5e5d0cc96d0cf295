import {
  analysisTimeoutMs,
  brokenTasksMax,
  groupBytesMax,
  groupFilesMin,
  groupsTarget,
  sweepGroupFactor,
} from './limits.ts';
import { codeFamilies } from './languages.ts';
import { byKeys } from './ordering.ts';
import { foldPaths, type FoldedPaths } from './folded-paths.ts';
import type { ScannedFile } from './scan.ts';

/** A node of the plan, in the shape of the workflow contract. */
export interface PlannedNode {
  readonly name: string;
  readonly task_type: string;
  readonly required_capabilities: string[];
  readonly depends_on: string[];
  readonly priority: 'high' | 'medium';
  readonly trigger_rule: 'all_success' | 'all_done';
  readonly retry: { readonly max_attempts: number };
  readonly timeout_ms: number;
  readonly payload?: PlannedPayload;
  readonly input?: string;
}

/** What an analysis task is given: the tree and its files. `family` only for code. */
export interface PlannedPayload {
  readonly [key: string]: string | FoldedPaths;
}

/** The plan: a workflow definition. */
export interface ReviewPlan {
  readonly name: string;
  readonly nodes: PlannedNode[];
  readonly output: string;
}

/** What the plan needs to know besides the files. */
export interface PlanOptions {
  /** The absolute path of the tree; every agent must see the same one. */
  readonly root: string;
  /** The name in the report's title. @default the last part of the root */
  readonly title?: string;
}

/** Attempts of each task: an agent may die twice before its work is given up. */
const attemptsMax = 3;

interface Group {
  readonly name: string;
  readonly taskType: string;
  readonly capability: string;
  readonly kind: 'code' | 'docs' | 'config' | 'sweep';
  readonly family?: string;
  readonly files: readonly ScannedFile[];
}

/**
 * Makes the workflow of a review from the real tree: scan, then one task a group of files, then the checks across
 * files, then the report. The last two run whatever became of the groups, so a broken file costs its own task only.
 * The order of the files does not matter.
 */
export function planReview(files: readonly ScannedFile[], { root, title }: PlanOptions): ReviewPlan {
  const sorted = [...files].filter((file) => file.kind !== 'asset').sort(byKeys((file) => file.path));
  const groups = [
    ...groupsOf(sorted.filter((file) => !file.suspicion)),
    ...brokenGroups(sorted.filter((file) => file.suspicion)),
  ];
  const names = (...kinds: readonly Group['kind'][]): string[] =>
    groups.filter((group) => kinds.includes(group.kind)).map((group) => group.name);
  const crossChecks = [
    cross('duplicates', names('code'), root, '"fingerprints": [outputs.*.fingerprints]'),
    cross('links', names('docs'), root, '"anchors": [outputs.*.anchors], "links": [outputs.*.cross_links]'),
    cross('licences', names('code'), root, '"licences": [outputs.*.licences]'),
    cross('dependencies', names('config'), root, '"manifests": [outputs.*.manifests]'),
  ].filter((node) => node.depends_on.length > 0);
  const scan: PlannedNode = { ...node('scan', 'review.scan', 'scan', []), priority: 'high', payload: { root } };
  const before = [scan, ...groups.map((group) => analysis(root, group)), ...crossChecks];
  const report: PlannedNode = {
    ...node(
      'report',
      'review.report',
      'report',
      before.map((each) => each.name),
    ),
    priority: 'high',
    trigger_rule: 'all_done',
    input: `{ "title": ${JSON.stringify(title ?? lastPart(root))}, "parts": [outputs.*.report], "nodes": nodes }`,
  };
  return { name: 'review', nodes: [...before, report], output: 'outputs.report' };
}

function groupsOf(files: readonly ScannedFile[]): Group[] {
  const filesPerGroup = Math.max(groupFilesMin, Math.ceil(files.length / groupsTarget));
  const code = codeFamilies.flatMap((family) =>
    cut(
      files.filter((file) => file.kind === 'code' && file.family === family),
      filesPerGroup,
      groupBytesMax,
    ).map((part, index): Group => ({
      name: `code-${family}-${number(index)}`,
      taskType: 'review.analyse-code',
      capability: `code:${family}`,
      kind: 'code',
      family,
      files: part,
    })),
  );
  const others = (['docs', 'config'] as const).flatMap((kind) =>
    cut(
      files.filter((file) => file.kind === kind),
      filesPerGroup,
      groupBytesMax,
    ).map((part, index): Group => ({
      name: `${kind}-${number(index)}`,
      taskType: `review.analyse-${kind}`,
      capability: kind,
      kind,
      files: part,
    })),
  );
  const sweeps = (
    [
      ['secrets', 'review.find-secrets', 'secrets'],
      ['history', 'review.find-todos', 'git-history'],
    ] as const
  ).flatMap(([name, taskType, capability]) =>
    cut(files, filesPerGroup * sweepGroupFactor, groupBytesMax * sweepGroupFactor).map((part, index): Group => ({
      name: `${name}-${number(index)}`,
      taskType,
      capability,
      kind: 'sweep',
      files: part,
    })),
  );
  return [...code, ...others, ...sweeps];
}

/** Each suspicious file alone, so that nothing but its own task fails. */
function brokenGroups(files: readonly ScannedFile[]): Group[] {
  const alone = files.slice(0, brokenTasksMax - 1).map((file) => [file]);
  const rest = [...Map.groupBy(files.slice(brokenTasksMax - 1), (file) => `${file.kind} ${file.family}`).values()];
  return [...alone, ...rest].flatMap((part, index) => {
    const first = part[0];
    if (!first || first.kind === 'asset') return [];
    const { kind, family } = first;
    const common = { name: `broken-${number(index)}`, taskType: `review.analyse-${kind}`, kind, files: part };
    return [kind === 'code' ? { ...common, capability: `code:${family}`, family } : { ...common, capability: kind }];
  });
}

function analysis(root: string, { name, taskType, capability, family, files }: Group): PlannedNode {
  const payload = { root, files: foldPaths(files.map((file) => file.path)) };
  return {
    ...node(name, taskType, capability, ['scan']),
    payload: family === undefined ? payload : { ...payload, family },
  };
}

function cross(name: string, dependsOn: string[], root: string, fields: string): PlannedNode {
  return {
    ...node(name, `review.cross-check-${name}`, 'cross-file', dependsOn),
    priority: 'high',
    trigger_rule: 'all_done',
    input: `{ "root": ${JSON.stringify(root)}, ${fields} }`,
  };
}

function node(name: string, taskType: string, capability: string, dependsOn: string[]): PlannedNode {
  return {
    name,
    task_type: taskType,
    required_capabilities: [capability],
    depends_on: dependsOn,
    priority: 'medium',
    trigger_rule: 'all_success',
    retry: { max_attempts: attemptsMax },
    timeout_ms: analysisTimeoutMs,
  };
}

/** Cuts neighbours in the tree into groups that keep both limits; a file larger than the limit makes a group alone. */
function cut(files: readonly ScannedFile[], filesMax: number, bytesMax: number): ScannedFile[][] {
  const groups: ScannedFile[][] = [];
  let bytes = 0;
  for (const file of files) {
    const last = groups.at(-1);
    if (last && last.length < filesMax && bytes + file.bytes <= bytesMax) {
      last.push(file);
      bytes += file.bytes;
    } else {
      groups.push([file]);
      bytes = file.bytes;
    }
  }
  return groups;
}

const number = (index: number): string => String(index + 1).padStart(2, '0');

function lastPart(root: string): string {
  return root.split('/').findLast((part) => part !== '') ?? root;
}
