import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { BrokenInput } from '../broken-input.ts';
import { finding, type Finding } from '../finding.ts';
import { anchorsBytesMax, linksPerGroupMax, pathsListedMax } from '../limits.ts';
import { maskSecrets } from '../secret-patterns.ts';
import { placeBelow } from '../source-file.ts';
import { parseMarkdown, type Link } from './markdown.ts';

/** A link to a heading of another document, which only the cross-check can judge. */
export interface AnchorLink {
  readonly path: string;
  readonly line: number;
  readonly target: string;
  readonly anchor: string;
}

/** What the documents of one group link to. */
export interface DocumentLinks {
  readonly findings: readonly Finding[];
  /** The anchors each document offers; a document missing here was too large to say. */
  readonly anchors: Readonly<Record<string, readonly string[]>>;
  readonly cross_links: readonly AnchorLink[];
  /** Web links are only checked for their syntax: a review makes no network calls. */
  readonly unchecked: { readonly links: number; readonly hosts: readonly string[] };
}

/** Checks the links of several Markdown texts as far as one group can. */
export function checkLinks(
  root: string,
  documents: readonly { readonly path: string; readonly text: string }[],
): DocumentLinks {
  const findings: Finding[] = [];
  const crossLinks: AnchorLink[] = [];
  const anchors: Record<string, readonly string[]> = {};
  const hosts = new Set<string>();
  let room = anchorsBytesMax;
  let unchecked = 0;
  for (const { path, text } of documents) {
    const page = parseMarkdown(text);
    room -= JSON.stringify(page.anchors).length;
    if (room >= 0) anchors[path] = page.anchors;
    for (const link of page.links) {
      const verdict = judge(root, path, link, page.anchors);
      if (verdict.kind === 'dead') findings.push(finding('links', 'medium', path, link.line, verdict.message));
      else if (verdict.kind === 'cross') crossLinks.push(verdict.link);
      else if (verdict.kind === 'unchecked') {
        unchecked++;
        hosts.add(verdict.host);
      }
    }
  }
  const listed = [...hosts].sort().slice(0, pathsListedMax);
  return {
    findings,
    anchors,
    cross_links: crossLinks.slice(0, linksPerGroupMax),
    unchecked: { links: unchecked, hosts: listed },
  };
}

/** Judges the links between documents, once the anchors of all of them are known. */
export function checkCrossLinks(links: readonly AnchorLink[], anchors: DocumentLinks['anchors']): Finding[] {
  return links.flatMap(({ path, line, target, anchor }) => {
    const known = anchors[target];
    if (known === undefined || known.includes(anchor.toLowerCase()) || known.includes(anchor)) return [];
    return [finding('links', 'medium', path, line, `\`${target}\` has no heading \`#${maskSecrets(anchor)}\``)];
  });
}

type Verdict =
  | { readonly kind: 'fine' }
  | { readonly kind: 'dead'; readonly message: string }
  | { readonly kind: 'cross'; readonly link: AnchorLink }
  | { readonly kind: 'unchecked'; readonly host: string };

const fine: Verdict = { kind: 'fine' };
const dead = (message: string): Verdict => ({ kind: 'dead', message });

function judge(root: string, path: string, link: Link, ownAnchors: readonly string[]): Verdict {
  if (/^(?:[a-z][a-z0-9+.-]*:|\/\/)/iu.test(link.target)) return judgeUrl(link.target);
  const hash = link.target.indexOf('#');
  const anchor = hash < 0 ? '' : decoded(link.target.slice(hash + 1));
  const place = decoded((hash < 0 ? link.target : link.target.slice(0, hash)).split('?')[0] ?? '');
  if (place === '') {
    // GitHub itself offers #top, and #L10 in sources.
    const known =
      anchor === '' || anchor === 'top' || ownAnchors.includes(anchor.toLowerCase()) || ownAnchors.includes(anchor);
    return known ? fine : dead(`no heading here makes the anchor \`#${anchor}\``);
  }
  const target = place.startsWith('/') ? place.slice(1) : posix.normalize(posix.join(posix.dirname(path), place));
  // Above the tree may lie anything: a site's own pages, say. It is neither checked nor blamed.
  if (target === '..' || target.startsWith('../')) return { kind: 'unchecked', host: '(above the tree)' };
  if (!existsBelow(root, target)) return dead(`\`${place}\` does not exist`);
  if (anchor === '' || !/\.(?:md|markdown)$/iu.test(target)) return fine;
  return { kind: 'cross', link: { path, line: link.line, target, anchor } };
}

function judgeUrl(target: string): Verdict {
  if (!/^(?:https?:)?\/\//iu.test(target)) return fine;
  const url = URL.parse(target.startsWith('//') ? `https:${target}` : target);
  if (!url || url.hostname === '') return dead(`\`${maskSecrets(target)}\` is no valid URL`);
  return { kind: 'unchecked', host: url.host };
}

function existsBelow(root: string, target: string): boolean {
  try {
    return existsSync(placeBelow(root, target === '' ? '.' : target));
  } catch (error) {
    // A link of the file system that leads out of the tree exists for the reader all the same.
    return error instanceof BrokenInput && error.code === 'path-outside-root';
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
