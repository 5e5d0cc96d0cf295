import * as z from 'zod';
import { codeFamilies } from './languages.ts';

const folded = z.record(z.string(), z.array(z.string()));
const root = z.string().min(1);
const mark = z.int().nonnegative();

/** The scan's payload. */
export const tree = z.strictObject({ root });

/** The payload of a task that looks at the files of one group. */
export const group = z.strictObject({ root, files: folded });

/** The same for code, with the family whose syntax applies. */
export const codeGroup = z.strictObject({ root, files: folded, family: z.enum(codeFamilies) });

/** What the groups hand to the check of duplicated blocks. */
export const duplicates = z.strictObject({
  root,
  fingerprints: z.array(z.strictObject({ path: z.string(), marks: z.array(mark) })),
});

/** What the groups hand to the check of links between documents. */
export const links = z.strictObject({
  root,
  anchors: z.array(z.record(z.string(), z.array(z.string()))),
  links: z.array(z.strictObject({ path: z.string(), line: mark, target: z.string(), anchor: z.string() })),
});

/** What the groups hand to the check of licences. */
export const licences = z.strictObject({
  root,
  licences: z.array(z.record(z.string(), z.strictObject({ files: mark, paths: z.array(z.string()) }))),
});

/** What the groups hand to the summary of dependencies. */
export const dependencies = z.strictObject({
  root,
  manifests: z.array(
    z.strictObject({
      path: z.string(),
      ecosystem: z.string(),
      direct: mark,
      development: mark,
      pinned: mark,
      locked: z.boolean(),
      requirements: z.record(z.string(), z.string()),
      licences: z.record(z.string(), mark),
      licence: z.string().nullable(),
    }),
  ),
});

/** What the report is made of: a part from each task that succeeded, and how each task ended. */
export const report = z.strictObject({
  title: z.string(),
  parts: z.array(z.record(z.string(), z.unknown())),
  nodes: z.record(
    z.string(),
    z.object({ status: z.string(), error: z.object({ code: z.string(), message: z.string() }).nullish() }),
  ),
});
