import { finding, type Finding } from '../finding.ts';
import { pathsListedMax } from '../limits.ts';
import { compareText } from '../ordering.ts';

/** What the files of a group say about their licence: how many, and a few of those which say it. */
export type LicenceCounts = Readonly<Record<string, { readonly files: number; readonly paths: readonly string[] }>>;

/** The key for files without a header. */
export const noLicence = 'none';

/** Characters at the top of a file in which a header is looked for. */
const headerCharsMax = 4_096;

const knownTexts: readonly (readonly [string, RegExp])[] = [
  ['Apache-2.0', /Licensed under the Apache License,? Version 2\.0|Apache License\s+Version 2\.0/iu],
  ['AGPL-3.0', /GNU AFFERO GENERAL PUBLIC LICENSE/iu],
  ['LGPL', /GNU (?:LESSER|LIBRARY) GENERAL PUBLIC LICENSE/iu],
  ['GPL-3.0', /GNU GENERAL PUBLIC LICENSE[\s\S]{0,200}version 3/iu],
  ['GPL-2.0', /GNU GENERAL PUBLIC LICENSE[\s\S]{0,200}version 2/iu],
  ['MPL-2.0', /Mozilla Public License,? (?:v\. |version )2\.0/iu],
  ['BSD-3-Clause', /Redistribution and use in source and binary forms[\s\S]{0,1200}Neither the name/iu],
  ['BSD-2-Clause', /Redistribution and use in source and binary forms/iu],
  ['MIT', /Permission is hereby granted, free of charge|\bMIT License\b|under the MIT licen[sc]e/iu],
  ['ISC', /Permission to use, copy, modify, and\/or distribute this software/iu],
];

/** The licence a text declares near its top, as an SPDX expression where it says so; `undefined` when it says nothing. */
export function licenceOf(text: string): string | undefined {
  const top = text.slice(0, headerCharsMax);
  const spdx = /SPDX-License-Identifier:\s*([\w.+() -]+?)\s*(?:\*\/|-->|$)/mu.exec(top)?.[1];
  return spdx ?? knownTexts.find(([, pattern]) => pattern.test(top))?.[0];
}

/** Counts the licences of several files. */
export function countLicences(
  files: readonly { readonly path: string; readonly licence: string | undefined }[],
): LicenceCounts {
  const byLicence = Map.groupBy(files, (file) => file.licence ?? noLicence);
  const entries = [...byLicence].sort(([left], [right]) => compareText(left, right));
  return Object.fromEntries(
    entries.map(([licence, found]) => {
      const paths = found.map((file) => file.path).sort(compareText);
      return [licence, { files: found.length, paths: paths.slice(0, pathsListedMax) }];
    }),
  );
}

/** Adds the counts of all groups. */
export function joinLicences(groups: readonly LicenceCounts[]): LicenceCounts {
  const joined = new Map<string, { files: number; paths: string[] }>();
  for (const [licence, { files, paths }] of groups.flatMap((group) => Object.entries(group))) {
    const sum = joined.get(licence) ?? { files: 0, paths: [] };
    joined.set(licence, { files: sum.files + files, paths: [...sum.paths, ...paths] });
  }
  const entries = [...joined].sort(([left], [right]) => compareText(left, right));
  return Object.fromEntries(
    entries.map(([licence, { files, paths }]) => [
      licence,
      { files, paths: paths.sort(compareText).slice(0, pathsListedMax) },
    ]),
  );
}

/**
 * Compares the headers with the licence of the whole tree. Files with another licence are findings; missing headers
 * are one only where most files have a header, since many projects never write any.
 */
export function judgeLicences(project: string | undefined, counts: LicenceCounts): Finding[] {
  const found: Finding[] = [];
  const { [noLicence]: bare, ...declared } = counts;
  const withHeader = Object.values(declared).reduce((sum, each) => sum + each.files, 0);
  for (const [licence, { paths }] of Object.entries(declared)) {
    if (project === undefined || sameLicence(project, licence)) continue;
    for (const path of paths) {
      found.push(finding('licences', 'medium', path, 1, `declares ${licence}, but the tree is under ${project}`));
    }
  }
  if (bare && withHeader > bare.files) {
    for (const path of bare.paths)
      found.push(finding('licences', 'low', path, 1, 'has no licence header, most files have one'));
  }
  return found;
}

function sameLicence(project: string, licence: string): boolean {
  const bare = (text: string): string => text.replace(/-(?:only|or-later)$|\+$/u, '').toLowerCase();
  return licence.split(/\s+OR\s+/u).some((choice) => bare(choice.replace(/[()]/gu, '')) === bare(project));
}
