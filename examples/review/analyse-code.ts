import { fingerprintsOf, significantLines, thin, type Fingerprints } from './analyses/duplicated-blocks.ts';
import { countLicences, licenceOf, type LicenceCounts } from './analyses/licence-headers.ts';
import { isSuite, measureFile, type PlacedFunction } from './analyses/size-and-complexity.ts';
import { bounded, type Finding } from './finding.ts';
import type { Family } from './languages.ts';
import { topEntriesMax } from './limits.ts';
import { maskSource } from './masked-source.ts';
import { byKeys } from './ordering.ts';
import type { ReviewPart } from './review.ts';

/** What the analysis of a group of code hands on. */
export interface CodeResult {
  readonly report: ReviewPart;
  readonly fingerprints: readonly Fingerprints[];
  readonly licences: LicenceCounts;
}

/** Analyses the code files of one group, given one at a time: each is masked once for all analyses. */
export function analyseCode(family: Family): { add: (path: string, text: string) => void; result: () => CodeResult } {
  const findings: Finding[] = [];
  const functions: PlacedFunction[] = [];
  const fingerprints: Fingerprints[] = [];
  const licences: { path: string; licence: string | undefined }[] = [];
  return {
    add(path, text) {
      const source = maskSource(text, family);
      const size = measureFile(path, family, source);
      findings.push(...size.findings);
      functions.push(...size.functions.filter((each) => !isSuite(each)));
      fingerprints.push(fingerprintsOf(path, significantLines(text, source)));
      // Only a comment can be a header: a program about licences may hold their texts as strings.
      const top = source.comments.filter((comment) => comment.line <= 40).map((comment) => comment.text);
      licences.push({ path, licence: licenceOf(top.join('\n')) });
    },
    result: () => ({
      report: { ...bounded(findings), functions: extremes(functions), functions_total: functions.length },
      fingerprints: thin(fingerprints),
      licences: countLicences(licences),
    }),
  };
}

/** The most complex and the longest functions: all that the report can need of this group. */
function extremes(functions: readonly PlacedFunction[]): PlacedFunction[] {
  const complex = [...functions].sort(
    byKeys(
      (each) => each.complexity,
      (each) => each.path,
      (each) => -each.line,
    ),
  );
  const long = [...functions].sort(
    byKeys(
      (each) => each.lines,
      (each) => each.path,
      (each) => -each.line,
    ),
  );
  return [...new Set([...complex.slice(0, topEntriesMax), ...long.slice(0, topEntriesMax)])];
}
