import * as z from 'zod';
import { joinLicences, judgeLicences } from './analyses/licence-headers.ts';
import { judgeDependencies, readManifest } from './analyses/dependencies.ts';
import { analyseCode } from './analyse-code.ts';
import { checkCrossLinks, checkLinks } from './analyses/dead-links.ts';
import { findDuplicates, significantLines } from './analyses/duplicated-blocks.ts';
import { findSecretsIn } from './analyses/secrets.ts';
import { dateMarks, findMarks } from './analyses/todos.ts';
import { BrokenInput } from './broken-input.ts';
import { duplicateFinding } from './duplicate-finding.ts';
import { bounded } from './finding.ts';
import { unfoldPaths } from './folded-paths.ts';
import { languageOfPath, languageOfShebang, asset } from './languages.ts';
import { duplicatesListedMax } from './limits.ts';
import { maskSource } from './masked-source.ts';
import { projectLicence } from './project-licence.ts';
import { buildReport } from './report.ts';
import { collectReview, type ReviewPart } from './review.ts';
import { summarise } from './scan-summary.ts';
import { scanTree } from './scan.ts';
import { readSource } from './source-file.ts';
import * as schemas from './payloads.ts';

/** The part of an SDK task a handler of the review looks at. */
export interface ReviewTask {
  readonly payload: unknown;
}

/** The part of the SDK's context a handler of the review uses. */
export interface ReviewContext {
  readonly signal: AbortSignal;
  progress(share: number, note?: string): void;
}

/** Does one task of the review. Throws a TerminalError with code, path and reason for input no retry can mend. */
export type ReviewHandler = (task: ReviewTask, context: ReviewContext) => Promise<object>;

const handle =
  <T>(schema: z.ZodType<T>, work: (payload: T, context: ReviewContext) => Promise<object>): ReviewHandler =>
  async (task, context) => {
    const parsed = schema.safeParse(task.payload);
    if (!parsed.success) throw new BrokenInput('invalid-payload', 'payload', z.prettifyError(parsed.error));
    return work(parsed.data, context);
  };

/** Reads the files of a group one by one, giving way to cancellation between them. */
async function eachFile(
  { root, files }: z.infer<typeof schemas.group>,
  context: ReviewContext,
  visit: (path: string, text: string) => void,
): Promise<void> {
  const paths = unfoldPaths(files);
  for (const [index, path] of paths.entries()) {
    // A turn of the event loop lets heartbeats out and the signal in.
    await new Promise((resume) => setImmediate(resume));
    context.signal.throwIfAborted();
    visit(path, readSource(root, path));
    context.progress((index + 1) / paths.length, path);
  }
}

const report = (part: ReviewPart): { report: ReviewPart } => ({ report: part });

const analyseDocs = handle(schemas.group, async (group, context) => {
  const documents: { path: string; text: string }[] = [];
  await eachFile(group, context, (path, text) => {
    if (/\.(?:md|markdown|mdx)$/iu.test(path)) documents.push({ path, text });
  });
  const { findings, unchecked, ...rest } = checkLinks(group.root, documents);
  return { ...report({ ...bounded(findings), unchecked }), ...rest };
});

const analyseConfig = handle(schemas.group, async (group, context) => {
  const manifests: NonNullable<ReturnType<typeof readManifest>>[] = [];
  await eachFile(group, context, (path, text) => {
    const manifest = readManifest(group.root, path, text);
    if (manifest) manifests.push(manifest);
  });
  return { ...report({}), manifests };
});

const findSecrets = handle(schemas.group, async (group, context) => {
  const findings: ReturnType<typeof findSecretsIn> = [];
  await eachFile(group, context, (path, text) => findings.push(...findSecretsIn(path, text)));
  return report(bounded(findings));
});

const findTodos = handle(schemas.group, async (group, context) => {
  const marks: ReturnType<typeof findMarks> = [];
  await eachFile(group, context, (path, text) => {
    const language = languageOfPath(path) ?? languageOfShebang(text.slice(0, 200)) ?? asset;
    marks.push(...findMarks(path, language.kind, maskSource(text, language.family)));
  });
  return report({ marks: await dateMarks(group.root, marks, context.signal) });
});

const crossCheckDuplicates = handle(schemas.duplicates, async ({ root, fingerprints }, { signal }) => {
  const cache = new Map<string, ReturnType<typeof significantLines>>();
  const duplicates = findDuplicates(fingerprints, (path) => {
    signal.throwIfAborted();
    let lines = cache.get(path);
    if (!lines) {
      const text = readSource(root, path);
      const language = languageOfPath(path) ?? languageOfShebang(text.slice(0, 200)) ?? asset;
      lines = significantLines(text, maskSource(text, language.family));
      cache.set(path, lines);
    }
    return lines;
  });
  const listed = duplicates.slice(0, duplicatesListedMax);
  return report({ ...bounded(duplicates.map(duplicateFinding)), duplicates: listed });
});

const crossCheckLinks = handle(schemas.links, async ({ anchors, links }) =>
  report(bounded(checkCrossLinks(links, Object.assign({}, ...anchors) as Record<string, string[]>))),
);

const crossCheckLicences = handle(schemas.licences, async ({ root, licences }) => {
  const project = projectLicence(root);
  const counts = joinLicences(licences);
  return report({ ...bounded(judgeLicences(project, counts)), licences: { project: project ?? null, counts } });
});

const crossCheckDependencies = handle(schemas.dependencies, async ({ manifests }) => {
  const told = manifests.map(({ requirements, ...manifest }) => manifest);
  return report({ ...bounded(judgeDependencies(manifests)), manifests: told });
});

/** The handler of each task type of the review. */
export const reviewHandlers: Readonly<Record<string, ReviewHandler>> = {
  'review.scan': handle(schemas.tree, async ({ root }, { signal }) =>
    report({ tree: summarise(await scanTree(root, signal)) }),
  ),
  'review.analyse-code': handle(schemas.codeGroup, async (group, context) => {
    const code = analyseCode(group.family);
    await eachFile(group, context, code.add);
    return code.result();
  }),
  'review.analyse-docs': analyseDocs,
  'review.analyse-config': analyseConfig,
  'review.find-secrets': findSecrets,
  'review.find-todos': findTodos,
  'review.cross-check-duplicates': crossCheckDuplicates,
  'review.cross-check-links': crossCheckLinks,
  'review.cross-check-licences': crossCheckLicences,
  'review.cross-check-dependencies': crossCheckDependencies,
  'review.report': handle(schemas.report, async ({ title, parts, nodes }) => {
    const review = collectReview(title, parts, nodes, new Date());
    return { review, markdown: buildReport(review).markdown };
  }),
};

/** The one handler of a review agent: does whatever task of the review it is given, refuses any other. */
export const reviewHandler = async (
  task: ReviewTask & { readonly task_type: string },
  context: ReviewContext,
): Promise<object> => {
  const handler = Object.hasOwn(reviewHandlers, task.task_type) ? reviewHandlers[task.task_type] : undefined;
  if (!handler) throw new BrokenInput('unknown-task-type', task.task_type, 'is no task of a review');
  return handler(task, context);
};

/** The capability each task type needs; code needs that of its family, such as `code:python`. */
export const reviewCapabilities: Readonly<Record<string, string>> = {
  'review.scan': 'scan',
  'review.analyse-code': 'code:<family>',
  'review.analyse-docs': 'docs',
  'review.analyse-config': 'config',
  'review.find-secrets': 'secrets',
  'review.find-todos': 'git-history',
  'review.cross-check-duplicates': 'cross-file',
  'review.cross-check-links': 'cross-file',
  'review.cross-check-licences': 'cross-file',
  'review.cross-check-dependencies': 'cross-file',
  'review.report': 'report',
};
