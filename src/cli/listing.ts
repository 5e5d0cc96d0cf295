import type { Command } from 'commander';
import { pageSize } from './option-values.ts';
import type { Output } from './output.ts';

/** The part of a listing that was asked for. */
export interface PageOptions {
  readonly limit?: number;
  readonly cursor?: string;
}

/** Gives a command the options of a listing that comes page by page; `what` is listed. */
export function paged(command: Command, what: string): Command {
  return command
    .option('--limit <count>', `${what} to a page, at most 100 (default: 25)`, pageSize)
    .option('--cursor <cursor>', 'the page after the one that told this cursor');
}

/** What of a page was asked for, and nothing else. */
export function pageOf({ limit, cursor }: PageOptions): PageOptions {
  return { ...(limit === undefined ? {} : { limit }), ...(cursor === undefined ? {} : { cursor }) };
}

/** Tells how to go on when there is another page. */
export function tellMore(out: Output, { cursor }: { readonly cursor?: string | undefined }): void {
  if (cursor !== undefined) out.progress(`There are more: add --cursor ${cursor}`);
}
