import { severities, type Finding } from './finding.ts';
import { topEntriesMax } from './limits.ts';
import { cell, code, count, duration, size, table } from './markdown-text.ts';
import type { ReviewReport } from './review-report.ts';
import { runSections } from './report-run.ts';
import type { Review } from './review.ts';

/** Findings shown in the Markdown; the JSON has all of them. */
const findingsShownMax = 30;

/** The report as an engineer reads it: the verdict first, then where to look, then how it was made. */
export function renderMarkdown(report: ReviewReport): string {
  const sections = [
    `# Review of ${cell(report.title)}`,
    summary(report),
    failures(report),
    languages(report),
    findings(report),
    functions(report),
    duplicates(report),
    marks(report),
    dependencies(report),
    licencesAndLinks(report),
    ...runSections(report),
    `<sub>Made by Cadre on ${report.generated_at}. Web links were not opened. Secrets are masked.</sub>`,
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function summary(report: ReviewReport): string {
  const { tree, by_severity: bySeverity, failures: failed, tasks } = report;
  const found = severities.filter((each) => bySeverity[each] > 0).map((each) => `${bySeverity[each]} ${each}`);
  const top = (tree?.languages ?? [])
    .filter((each) => each.language !== 'Other' && each.lines > 0)
    .slice(0, 3)
    .map((each) => each.language);
  const rows = [
    ['Files', tree ? `${count(tree.files)} (${size(tree.bytes)})` : 'unknown: the scan failed'],
    ['Lines', tree ? count(tree.lines) : '-'],
    ['Languages', top.join(', ') || '-'],
    ['Functions', count(report.functions_total)],
    ['Findings', found.join(', ') || 'none'],
    ['Open marks', count(report.marks.length)],
    ['Failed tasks', failed.length === 0 ? 'none' : `**${failed.length}**, see below`],
  ];
  if (tasks.length > 0)
    rows.push(['Run', `${tasks.length} tasks by ${report.agents.length} agents in ${duration(report.makespan_ms)}`]);
  const leftOut =
    tree && tree.left_out > 0 ? `\n\n${count(tree.left_out)} more files were beyond the limit and not looked at.` : '';
  return table(['', 'This tree'], rows) + leftOut;
}

function failures({ failures: failed }: Review): string {
  if (failed.length === 0) return '';
  const rows = failed.map((each) => [code(each.task), each.status, code(each.code), cell(each.reason)]);
  return `## What could not be reviewed\n\n${table(['Task', 'Status', 'Code', 'Reason'], rows)}`;
}

function languages({ tree }: Review): string {
  if (!tree || tree.languages.length === 0) return '';
  const rows = tree.languages.map((each) => [each.language, count(each.files), count(each.lines), size(each.bytes)]);
  const skipped = tree.skipped.map(({ path, reason }) => `${code(path)} (${reason})`).join(', ');
  const more = tree.skipped_total > tree.skipped.length ? ` and ${tree.skipped_total - tree.skipped.length} more` : '';
  const note = skipped === '' ? '' : `\n\nCounted but not analysed: ${skipped}${more}.`;
  return `## Languages\n\n${table(['Language', 'Files', 'Lines', 'Size'], rows, 'lrrr')}${note}`;
}

function findings(report: Review): string {
  const total = report.findings.length + report.findings_left_out;
  if (total === 0) return '## Findings\n\nNothing to report.';
  const shown = spread(report.findings);
  const rows = shown.map(({ severity, check, path, line, message }) => [
    severity,
    check,
    code(`${path}:${line}`),
    cell(message),
  ]);
  const rest = total - shown.length;
  const note = rest > 0 ? `\n\n${count(rest)} more, of the same or lesser weight, are counted in the JSON report.` : '';
  return `## Findings\n\n${table(['Severity', 'Check', 'Place', 'What'], rows)}${note}`;
}

/** The gravest findings, but not only of one check: a third of the room is the most any check may take. */
function spread(all: readonly Finding[]): Finding[] {
  const taken = new Map<string, number>();
  const first = all.filter((each) => {
    const before = taken.get(each.check) ?? 0;
    taken.set(each.check, before + 1);
    return before < findingsShownMax / 3 || each.severity === 'critical';
  });
  return first.slice(0, findingsShownMax);
}

function functions({ complex_functions: complex, long_functions: long }: Review): string {
  if (complex.length === 0) return '';
  const headings = ['Function', 'Place', 'Complexity', 'Lines'];
  const row = (each: (typeof complex)[number]) => [
    code(each.name),
    code(`${each.path}:${each.line}`),
    count(each.complexity),
    count(each.lines),
  ];
  return [
    `## Functions\n\nThe most complex:\n\n${table(headings, complex.map(row), 'llrr')}`,
    `The longest:\n\n${table(headings, long.map(row), 'llrr')}`,
  ].join('\n\n');
}

function duplicates({ duplicates: found }: Review): string {
  if (found.length === 0) return '';
  const place = (at: (typeof found)[number]['first']): string => code(`${at.path}:${at.from}-${at.to}`);
  const rows = found.slice(0, topEntriesMax).map((each) => [count(each.lines), place(each.first), place(each.second)]);
  return `## Longest repeated blocks\n\n${table(['Lines', 'Here', 'And here'], rows, 'rll')}`;
}

function marks({ marks: found, generated_at: now }: Review): string {
  if (found.length === 0) return '';
  const rows = found.slice(0, topEntriesMax).map(({ word, path, line, text, author, written_at: written }) => {
    const days =
      written === null ? undefined : Math.max(0, Math.floor((Date.parse(now) - Date.parse(written)) / 86_400_000));
    return [days === undefined ? '-' : `${count(days)} days`, word, code(`${path}:${line}`), cell(author), cell(text)];
  });
  const shown = found.length > rows.length ? `The oldest ${rows.length} of ${count(found.length)}:\n\n` : '';
  return `## Open marks\n\n${shown}${table(['Age', 'Mark', 'Place', 'Author', 'Text'], rows, 'rllll')}`;
}

function dependencies({ manifests }: Review): string {
  if (manifests.length === 0) return '';
  const rows = manifests.map((each) => [
    code(each.path),
    each.ecosystem,
    count(each.direct),
    count(each.development),
    count(each.pinned),
    each.locked ? 'yes' : each.pinned === each.direct + each.development ? 'not needed' : 'no',
    cell(
      Object.entries(each.licences)
        .map(([licence, packages]) => `${licence} ${packages}`)
        .join(', '),
    ) || '-',
  ]);
  const headings = ['Manifest', 'Ecosystem', 'Direct', 'Development', 'Pinned', 'Lock file', 'Licences installed'];
  return `## Dependencies\n\n${table(headings, rows, 'llrrrll')}`;
}

function licencesAndLinks({ licences, unchecked_links: unchecked }: Review): string {
  const lines: string[] = [];
  if (licences) {
    const counts = Object.entries(licences.counts).map(
      ([licence, { files }]) => `${licence === 'none' ? 'no header' : licence} ${count(files)}`,
    );
    lines.push(
      `- Licence of the tree: ${licences.project ?? 'not found'}. Headers of code files: ${cell(counts.join(', ')) || 'none'}.`,
    );
  }
  if (unchecked.links > 0) {
    const named = unchecked.hosts.slice(0, topEntriesMax).map(cell).join(', ');
    lines.push(
      `- ${count(unchecked.links)} links lead out of the tree and were not opened: ${named}${unchecked.hosts.length > topEntriesMax ? ', …' : ''}.`,
    );
  }
  return lines.length === 0 ? '' : `## Licences and links\n\n${lines.join('\n')}`;
}
