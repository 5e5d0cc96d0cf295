import type { Manifest } from './analyses/dependencies.ts';
import type { Duplicate } from './analyses/duplicated-blocks.ts';
import type { LicenceCounts } from './analyses/licence-headers.ts';
import type { PlacedFunction } from './analyses/size-and-complexity.ts';
import type { DatedMark } from './analyses/todos.ts';
import { bySeverity, severities, type Finding, type Severity } from './finding.ts';
import { duplicatesListedMax, pathsListedMax, topEntriesMax } from './limits.ts';
import { byKeys, compareText } from './ordering.ts';
import type { TreeSummary } from './scan-summary.ts';

/** A manifest without the names of its dependencies. */
export type ManifestSummary = Omit<Manifest, 'requirements'>;

/** What one task contributes to the report; each fills what it knows. */
export interface ReviewPart {
  readonly tree?: TreeSummary;
  readonly findings?: readonly Finding[];
  readonly left_out?: number;
  readonly functions?: readonly PlacedFunction[];
  readonly functions_total?: number;
  readonly marks?: readonly DatedMark[];
  readonly unchecked?: { readonly links: number; readonly hosts: readonly string[] };
  readonly duplicates?: readonly Duplicate[];
  readonly licences?: { readonly project: string | null; readonly counts: LicenceCounts };
  readonly manifests?: readonly ManifestSummary[];
}

/** A task that brought no result, with the reason. */
export interface Failure {
  readonly task: string;
  readonly status: string;
  readonly code: string;
  readonly reason: string;
}

/** Everything the review found, without how it was done. */
export interface Review {
  readonly title: string;
  readonly generated_at: string;
  readonly tree: TreeSummary | null;
  readonly by_severity: Readonly<Record<Severity, number>>;
  readonly findings: readonly Finding[];
  readonly findings_left_out: number;
  readonly functions_total: number;
  readonly complex_functions: readonly PlacedFunction[];
  readonly long_functions: readonly PlacedFunction[];
  readonly marks: readonly DatedMark[];
  readonly duplicates: readonly Duplicate[];
  readonly unchecked_links: { readonly links: number; readonly hosts: readonly string[] };
  readonly licences: { readonly project: string | null; readonly counts: LicenceCounts } | null;
  readonly manifests: readonly ManifestSummary[];
  readonly failures: readonly Failure[];
}

/** How the tasks before the report ended, as the workflow tells it. */
export type NodeOutcomes = Readonly<
  Record<
    string,
    { readonly status: string; readonly error?: { readonly code: string; readonly message: string } | null | undefined }
  >
>;

/** Puts the parts together. The result does not depend on the order of the parts. */
export function collectReview(title: string, parts: readonly ReviewPart[], nodes: NodeOutcomes, now: Date): Review {
  const findings = parts.flatMap((part) => part.findings ?? []).sort(bySeverity);
  const functions = parts.flatMap((part) => part.functions ?? []);
  const place = [
    (each: PlacedFunction) => each.path,
    (each: PlacedFunction) => -each.line,
    (each: PlacedFunction) => each.name,
    (each: PlacedFunction) => each.lines + each.complexity,
  ];
  return {
    title,
    generated_at: now.toISOString(),
    tree: parts.find((part) => part.tree)?.tree ?? null,
    by_severity: countSeverities(findings),
    findings,
    findings_left_out: parts.reduce((sum, part) => sum + (part.left_out ?? 0), 0),
    functions_total: parts.reduce((sum, part) => sum + (part.functions_total ?? 0), 0),
    complex_functions: [...functions].sort(byKeys((each) => each.complexity, ...place)).slice(0, topEntriesMax),
    long_functions: [...functions].sort(byKeys((each) => each.lines, ...place)).slice(0, topEntriesMax),
    // The oldest first; marks without a date come last.
    marks: parts
      .flatMap((part) => part.marks ?? [])
      .sort(
        byKeys(
          (each) => each.written_at ?? '~',
          (each) => each.path,
          (each) => -each.line,
          (each) => each.text,
        ),
      ),
    duplicates: parts.flatMap((part) => part.duplicates ?? []).slice(0, duplicatesListedMax),
    unchecked_links: {
      links: parts.reduce((sum, part) => sum + (part.unchecked?.links ?? 0), 0),
      hosts: [...new Set(parts.flatMap((part) => part.unchecked?.hosts ?? []))]
        .sort(compareText)
        .slice(0, pathsListedMax),
    },
    licences: parts.find((part) => part.licences)?.licences ?? null,
    manifests: parts.flatMap((part) => part.manifests ?? []).sort(byKeys((each) => each.path)),
    failures: failuresOf(nodes),
  };
}

function countSeverities(findings: readonly Finding[]): Record<Severity, number> {
  const count = (severity: Severity): number => findings.filter((each) => each.severity === severity).length;
  return Object.fromEntries(severities.map((severity) => [severity, count(severity)])) as Record<Severity, number>;
}

function failuresOf(nodes: NodeOutcomes): Failure[] {
  return Object.entries(nodes)
    .filter(([, { status }]) => status === 'Failed' || status === 'Skipped' || status === 'Cancelled')
    .map(([task, { status, error }]) => ({
      task,
      status,
      code: error?.code ?? status.toLowerCase(),
      reason: error?.message ?? 'a task before it brought no result',
    }))
    .sort(byKeys((each) => each.task));
}
