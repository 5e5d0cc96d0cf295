import { finding, type Finding } from '../finding.ts';
import type { Family } from '../languages.ts';
import type { MaskedSource } from '../masked-source.ts';
import { countLines } from '../scan.ts';
import type { FunctionSize } from './function-size.ts';
import { functionsInBraces } from './functions-in-braces.ts';
import { functionsInPython, functionsInShell } from './functions-in-lines.ts';

/** From here on a function has more paths than a reader keeps in mind. */
export const complexityMedium = 15;
export const complexityHigh = 30;
/** From here on a function no longer fits on a screen, or two. */
export const functionLinesLow = 80;
export const functionLinesMedium = 200;
/** From here on a file is likely to hold more than one idea. */
export const fileLinesLow = 500;
export const fileLinesMedium = 1_500;

/** A function at its place. */
export interface PlacedFunction extends FunctionSize {
  readonly path: string;
}

/** What one code file is made of. */
export interface FileSize {
  readonly lines: number;
  readonly complexity: number;
  readonly functions: readonly PlacedFunction[];
  readonly findings: readonly Finding[];
}

/** Measures one masked file: its lines, its functions with their complexity, and which of them are too large. */
export function measureFile(path: string, family: Family, source: MaskedSource): FileSize {
  const lines = countLines(source.code);
  const { functions, branches } = measure(family, source.code);
  const placed = functions.map((each) => ({ path, ...each }));
  return {
    lines,
    complexity: 1 + branches,
    functions: placed,
    findings: [...sizeOf(path, lines), ...placed.flatMap(judge)],
  };
}

function measure(family: Family, code: string): { functions: readonly FunctionSize[]; branches: number } {
  if (family === 'python') return functionsInPython(code);
  if (family === 'shell') return functionsInShell(code);
  if (family === 'web' || family === 'none') return { functions: [], branches: 0 };
  return functionsInBraces(code);
}

function sizeOf(path: string, lines: number): Finding[] {
  if (lines < fileLinesLow) return [];
  const severity = lines >= fileLinesMedium && !isTest(path) ? 'medium' : 'low';
  return [finding('size', severity, path, 1, `the file has ${lines} lines`)];
}

/** A suite of tests is one long anonymous function; its length says nothing. */
export function isSuite({ name, path }: PlacedFunction): boolean {
  return name === '(anonymous)' && isTest(path);
}

function judge(placed: PlacedFunction): Finding[] {
  const { path, name, line, lines, complexity } = placed;
  const found: Finding[] = [];
  if (complexity >= complexityMedium) {
    const severity = isTest(path) ? 'low' : complexity >= complexityHigh ? 'high' : 'medium';
    found.push(finding('complexity', severity, path, line, `\`${name}\` has a complexity of ${complexity}`));
  }
  if (lines >= functionLinesLow && !isSuite(placed)) {
    const severity = lines >= functionLinesMedium && !isTest(path) ? 'medium' : 'low';
    found.push(finding('size', severity, path, line, `\`${name}\` is ${lines} lines long`));
  }
  return found;
}

/** True for a path that looks like a test or its data: what is found there weighs less. */
export function isTest(path: string): boolean {
  return /(?:^|\/)(?:tests?|__tests__|spec|fixtures|testdata)\/|[._-](?:test|spec)\.\w+$|(?:^|\/)test_\w+\.py$/u.test(
    path,
  );
}
