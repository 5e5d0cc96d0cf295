import type { FunctionSize } from './function-size.ts';

interface Open {
  readonly name: string;
  readonly line: number;
  readonly indent: number;
  complexity: number;
  last: number;
}

const pythonBranches = /(?<![\w.])(?:if|elif|for|while|except|and|or|case)\b/gu;
const shellBranches = /(?<![\w.-])(?:if|elif|for|while|until)\b|&&|\|\||;;/gu;

/** The functions of a masked Python source: a function ends where the indentation returns. */
export function functionsInPython(code: string): { functions: FunctionSize[]; branches: number } {
  const functions: FunctionSize[] = [];
  const open: Open[] = [];
  let branches = 0;
  let brackets = 0;
  for (const [index, text] of code.split('\n').entries()) {
    if (text.trim() === '') continue;
    const indent = text.length - text.trimStart().length;
    // Inside brackets the indentation means nothing.
    if (brackets === 0) {
      while (open.length > 0 && indent <= (open.at(-1)?.indent ?? 0)) functions.push(closed(open.pop()));
      const name = /^\s*(?:async\s+)?def\s+(\w+)/u.exec(text)?.[1];
      if (name !== undefined) open.push({ name, line: index + 1, indent, complexity: 1, last: index + 1 });
    }
    brackets = Math.max(0, brackets + count(text, /[([{]/gu) - count(text, /[)\]}]/gu));
    const found = count(text, pythonBranches);
    branches += found;
    const inner = open.at(-1);
    if (inner) inner.complexity += found;
    for (const each of open) each.last = index + 1;
  }
  while (open.length > 0) functions.push(closed(open.pop()));
  return { functions, branches };
}

/** The functions of a masked shell source: `name() {` up to a closing brace at the same indentation. */
export function functionsInShell(code: string): { functions: FunctionSize[]; branches: number } {
  const functions: FunctionSize[] = [];
  let open: Open | undefined;
  let branches = 0;
  for (const [index, text] of code.split('\n').entries()) {
    const indent = text.length - text.trimStart().length;
    const name = /^\s*(?:function\s+([\w:.-]+)|([\w:.-]+)\s*\(\s*\))/u.exec(text);
    if (name && !open)
      open = { name: name[1] ?? name[2] ?? '', line: index + 1, indent, complexity: 1, last: index + 1 };
    const found = count(text, shellBranches);
    branches += found;
    if (!open) continue;
    open.complexity += found;
    open.last = index + 1;
    if (/^\s*\}/u.test(text) && indent === open.indent) {
      functions.push(closed(open));
      open = undefined;
    }
  }
  if (open) functions.push(closed(open));
  return { functions, branches };
}

function closed(open: Open | undefined): FunctionSize {
  if (!open) throw new TypeError('no open function');
  return { name: open.name, line: open.line, lines: open.last - open.line + 1, complexity: open.complexity };
}

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;
