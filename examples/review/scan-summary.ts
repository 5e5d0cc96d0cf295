import { pathsListedMax } from './limits.ts';
import { byKeys } from './ordering.ts';
import type { Scan, SkippedFile } from './scan.ts';

/** Files, lines and bytes of one language. */
export interface LanguageTotal {
  readonly language: string;
  readonly files: number;
  readonly lines: number;
  readonly bytes: number;
}

/** The tree in figures. */
export interface TreeSummary {
  readonly files: number;
  readonly lines: number;
  readonly bytes: number;
  readonly in_git: boolean;
  readonly languages: readonly LanguageTotal[];
  readonly skipped: readonly SkippedFile[];
  readonly skipped_total: number;
  readonly left_out: number;
}

/** Sums up a scan: small enough for a message, whatever the size of the tree. */
export function summarise({ files, skipped, inGit, leftOut }: Scan): TreeSummary {
  const languages = [...Map.groupBy(files, (file) => file.language)].map(([language, found]) => ({
    language,
    files: found.length,
    lines: found.reduce((sum, file) => sum + file.lines, 0),
    bytes: found.reduce((sum, file) => sum + file.bytes, 0),
  }));
  return {
    files: files.length,
    lines: languages.reduce((sum, each) => sum + each.lines, 0),
    bytes: languages.reduce((sum, each) => sum + each.bytes, 0),
    in_git: inGit,
    languages: languages.sort(
      byKeys(
        (each) => each.lines,
        (each) => each.files,
        (each) => each.language,
      ),
    ),
    skipped: skipped.slice(0, pathsListedMax),
    skipped_total: skipped.length,
    left_out: leftOut,
  };
}
